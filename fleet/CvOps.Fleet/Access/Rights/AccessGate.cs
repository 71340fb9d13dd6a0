using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Sessions;
using CvOps.Fleet.Tracking.Mlflow;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Access.Rights;

/// <summary>
/// Stands before every address, behind <see cref="Identification"/>: whether who asks may, and whether what is named belongs to the asker's sites. What nobody said
/// anything about is refused. Behind it the name in the audit log is the principal's and not what the request claims.
/// </summary>
internal sealed class AccessGate(RequestDelegate next, SiteOf sites)
{
    private const string Realm = "Bearer realm=\"cvops\"";

    public async Task InvokeAsync(HttpContext http)
    {
        // Nothing is there (404), or not by this method (405): the framework's own answers.
        if (http.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(http);
            return;
        }
        if (NeedsOf(endpoint, http.Request.Method) is not { } needs)
        {
            await RefuseAsync(http, 403, "Refused", $"Nobody has said who may {http.Request.Method} {endpoint.RoutePattern.RawText}, so nobody may.");
            return;
        }
        var (principal, refused) = http.Features.GetRequiredFeature<Authentication>();
        if (needs.Audience != Audience.Principals)
        {
            await next(http);
            return;
        }
        if (principal is null)
        {
            await AskInAsync(http, endpoint, refused);
            return;
        }
        if (await RefusalAsync(http, principal, needs) is { } refusal)
        {
            await RefuseAsync(http, refusal.Status, refusal.Title, refusal.Detail);
            return;
        }
        if (await FormGuard.RefusalAsync(http, principal) is { } foreign)
        {
            await RefuseAsync(http, 403, "Refused", foreign);
            return;
        }
        Attribution.Apply(http, principal);
        await next(http);
    }

    public static Needs? NeedsOf(RouteEndpoint endpoint, string method)
    {
        if (endpoint.Metadata.GetMetadata<Needs>() is { } said) return said;
        var pattern = "/" + (endpoint.RoutePattern.RawText ?? "").Trim('/');
        if (endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is { } page)
            return page.Type.GetCustomAttributes(typeof(PageNeedsAttribute), false) is [PageNeedsAttribute own] ? own.Needs : AddressTable.Page(pattern);
        // What answers GET answers HEAD.
        return AddressTable.Find(method == "HEAD" ? "GET" : method, pattern);
    }

    private async Task<(int Status, string Title, string Detail)?> RefusalAsync(HttpContext http, Principal principal, Needs needs)
    {
        if (!principal.May(needs.Any)) return (403, "Not allowed", $"This needs the right to {Words(needs.Any)}, which {principal.Name} does not have. An administrator gives it: cvops account grant.");
        if (needs.Names is Names.NoSite or Names.Filtered || principal.MayEverywhere(needs.Any)) return null;
        if (needs.Names == Names.All)
            return (403, "Not allowed", $"This is about all sites, and {principal.Name} has the right to {Words(needs.Any)} on {string.Join(", ", principal.Sites(needs.Any)!)} alone.");
        var id = http.GetRouteValue(needs.Route)?.ToString() ?? "";
        var of = Identifier.IsValid(id) || needs.Names == Names.Frame ? await sites.FindAsync(needs.Names, id, http.RequestAborted) : [];
        // Who changes a rollout changes it on all its sites; who looks may look when one is theirs.
        var may = needs.Names == Names.Rollout && needs.Any == Permission.Read ? of.Any(site => principal.MayAt(needs.Any, site)) : of.Length > 0 && of.All(site => principal.MayAt(needs.Any, site));
        return may ? null : (404, $"No such {needs.Names.ToString().ToLowerInvariant()}", $"There is no {needs.Names.ToString().ToLowerInvariant()} '{id}' on the sites of {principal.Name}.");
    }

    private static Task AskInAsync(HttpContext http, RouteEndpoint endpoint, bool refused)
    {
        if (endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is not null && !refused && HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.Redirect(SignIn.Page(http.Request.Path + http.Request.QueryString));
            return Task.CompletedTask;
        }
        http.Response.Headers.WWWAuthenticate = Realm;
        return RefuseAsync(http, 401, "Who are you?", refused
            ? "This token does not let anybody in: it is none of this fleet, was revoked, or is over. 'cvops token add' makes one, 'cvops login' keeps it."
            : "Sign in, or send a token: 'cvops login --fleet ADDRESS' keeps one, CVOPS_TOKEN or --token names one. On the fleet's own machine 'cvops up' has made one.");
    }

    /// <summary>In the words of whoever asked: MLflow's client, or problem details.</summary>
    public static async Task RefuseAsync(HttpContext http, int status, string title, string detail)
    {
        if (http.Request.Path.StartsWithSegments(MlflowEndpoints.Root, StringComparison.Ordinal) || http.Request.Path.StartsWithSegments(MlflowEndpoints.ArtefactRoot, StringComparison.Ordinal))
            await MlflowRoutes.NotAllowed(status, detail).ExecuteAsync(http);
        else
            await Results.Problem(detail, statusCode: status, title: title).ExecuteAsync(http);
    }

    private static string Words(Permission any) => string.Join(" or ", Roles.Each(any & Roles.All).Select(one => one.ToString().ToLowerInvariant()));
}
