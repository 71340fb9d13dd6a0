using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Api;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Access.Sessions;

/// <summary>What the forms of the sign-in pages post to, and how the command line gets a token for a password.</summary>
internal static class SessionEndpoints
{
    private const long FormBytes = 16 * 1024;
    private const string Wrong = "wrong";
    public const string TooMany = "later";

    public static void MapSessions(this WebApplication app)
    {
        app.MapPost($"{SignIn.Path}/password", async (HttpContext http, SessionDesk desk, CancellationToken cancel) =>
        {
            if (FormGuard.IsForeign(http.Request)) return Problems.BadRequest("The form was sent by another site's page.");
            var form = await FormAsync(http, cancel);
            var back = SignIn.Safe(form["return"]);
            var outcome = await desk.ProveAsync(form["name"].ToString(), form["password"].ToString(), form["code"], http);
            if (outcome.Account is not { } account) return Results.LocalRedirect($"{SignIn.Path}?refused={(outcome.TooMany ? TooMany : Wrong)}&return={Uri.EscapeDataString(back)}");
            await desk.OpenAsync(http, account, "by password", cancel);
            return Results.LocalRedirect(back);
        }).WithMetadata(Needs.Entry);

        app.MapPost("/sign-out", async (HttpContext http, Principal who, SessionDesk desk, CancellationToken cancel) =>
        {
            await desk.CloseAsync(http, who, everywhere: (await FormAsync(http, cancel))["everywhere"] == "yes", cancel);
            return Results.LocalRedirect(SignIn.Path);
        }).WithMetadata(Needs.Oneself);

        app.MapPost("/welcome/password", async (HttpContext http, FirstStart start, SessionDesk desk, CancellationToken cancel) =>
        {
            if (FormGuard.IsForeign(http.Request)) return Problems.BadRequest("The form was sent by another site's page.");
            var form = await FormAsync(http, cancel);
            var outcome = await start.WelcomeAsync(form["secret"].ToString(), form["name"], form["password"].ToString(), cancel);
            if (outcome.Account is not { } account) return Problems.Unprocessable(outcome.Refusal!);
            await desk.OpenAsync(http, account, "by a link", cancel);
            return Results.Ok(account.Principal.View());
        }).WithMetadata(Needs.Entry);

        app.MapPost("/welcome/look", async (HttpContext http, FirstStart start, CancellationToken cancel) =>
        {
            var (opens, name) = await start.LookAsync((await FormAsync(http, cancel))["secret"].ToString(), cancel);
            return opens ? Results.Text(name ?? "") : Problems.Unprocessable(FirstStart.Over);
        }).WithMetadata(Needs.Entry);
    }

    public static void MapLogin(this IEndpointRouteBuilder api) => api.MapPost("/login", async (LoginRequest asked, HttpContext http, SessionDesk desk, ApiTokens tokens, CancellationToken cancel) =>
        {
            if (asked is not { Name: not null, Password: not null }) return Problems.Unprocessable("A login has name and password; cvops login asks for them.");
            var outcome = await desk.ProveAsync(asked.Name, asked.Password, asked.Code, http);
            if (outcome.TooMany) return Results.Problem("Too many attempts have failed; try again in a minute.", statusCode: 429, title: "Later");
            if (outcome.Account is not { } account) return Results.Problem(SignInRefused, statusCode: 401, title: "Not signed in");
            var who = account.Principal;
            var (made, refusal) = await tokens.MakeAsync(new ApiTokenRequest($"cvops login on {asked.Machine}", Roles.Each(who.Permissions)) { ValidDays = asked.ValidDays }, who, cancel);
            return made is null ? Problems.Unprocessable(refusal!) : Results.Ok(made);
        }).WithMetadata(Needs.Entry);

    public const string SignInRefused = "Name, password or one-time code is wrong, or the account is locked for a while after wrong ones.";

    private static Task<IFormCollection> FormAsync(HttpContext http, CancellationToken cancel)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = FormBytes;
        return http.Request.HasFormContentType ? http.Request.ReadFormAsync(cancel) : Task.FromResult<IFormCollection>(FormCollection.Empty);
    }
}
