using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access.Oidc;

/// <summary>The way to the provider and back.</summary>
internal static class OidcEndpoints
{
    public const string Begin = "/sign-in/provider";
    public const string Back = "/sign-in/provider/back";

    public static void MapOidc(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<FleetOptions>>().Value.Oidc is null) return;

        app.MapGet(Begin, (HttpContext http, OidcProvider provider, OidcDesk desk, TimeProvider time, CancellationToken cancel, [FromQuery(Name = "return")] string? back) =>
            TryAsync(http, desk, async () => Results.Redirect(await provider.AddressAsync(OidcFlow.Begin(http, back ?? "/", time.GetUtcNow()), Redirect(http), cancel)), cancel)).WithMetadata(Needs.Entry);

        app.MapGet(Back, (HttpContext http, OidcProvider provider, OidcDesk desk, SessionDesk sessions, CancellationToken cancel, string? code, string? state, string? iss, string? error) => TryAsync(http, desk, async () =>
        {
            if (OidcFlow.Take(http) is not { } flow || state is null || !Secrets.AreEqual(state, flow.State)) throw new OidcRefusedException("the answer is of no sign-in that this browser began (state)");
            desk.Use(flow);
            if (error is not null || code is null) throw new OidcRefusedException($"the provider said '{(error is { Length: > 0 and < 100 } ? error : "nothing")}'");
            var account = await desk.AccountAsync(await provider.PersonAsync(code, iss, flow, Redirect(http), cancel), cancel);
            await sessions.OpenAsync(http, account, $"by {account.Issuer}", cancel);
            return Results.LocalRedirect(SignIn.Safe(flow.Return));
        }, cancel)).WithMetadata(Needs.Entry);
    }

    private static string Redirect(HttpContext http) => $"{http.Request.Scheme}://{http.Request.Host}{Back}";

    private static async Task<IResult> TryAsync(HttpContext http, OidcDesk desk, Func<Task<IResult>> act, CancellationToken cancel)
    {
        try
        {
            return await act();
        }
        catch (OidcRefusedException e)
        {
            await desk.RefusedAsync(http.Connection.RemoteIpAddress?.ToString() ?? "", e.Message, cancel);
            return Results.LocalRedirect($"{SignIn.Path}?refused={e.Told}");
        }
    }
}
