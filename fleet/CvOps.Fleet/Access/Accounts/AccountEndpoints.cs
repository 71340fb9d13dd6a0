using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Access.Accounts;

internal static class AccountEndpoints
{
    public static void MapAccounts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/who", (Principal who) => who.View());
        api.MapPost("/who/password", async (PasswordChange asked, Principal who, HttpContext http, OwnPassword desk, CancellationToken cancel) => await desk.ChangeAsync(asked, who, http, cancel) switch
        {
            { TooMany: true } => Results.Problem("Too many attempts have failed; try again in a minute.", statusCode: 429, title: "Later"),
            { Refusal: { } refusal } => Problems.Unprocessable(refusal),
            _ => Results.Ok(who.View()),
        });
        api.MapGet("/accounts", (AccountDesk desk, CancellationToken cancel) => desk.ListAsync(cancel));
        api.MapPost("/accounts", async (AccountRequest asked, Principal who, AccountDesk desk, CancellationToken cancel) => Answer(await desk.AddAsync(asked, who.Name, cancel), asked.Name));
        api.MapPut("/accounts/{name}", async (string name, AccountChange change, Principal who, AccountDesk desk, CancellationToken cancel) => Answer(await desk.ChangeAsync(name, change, who.Name, cancel), name));
        api.MapPost("/accounts/{name}/reset", async (string name, Principal who, AccountDesk desk, CancellationToken cancel) => Answer(await desk.ResetAsync(name, who.Name, cancel), name));

        api.MapGet("/tokens", (Principal who, ApiTokens tokens, CancellationToken cancel) => tokens.ListAsync(who, cancel));
        api.MapPost("/tokens", async (ApiTokenRequest asked, Principal who, ApiTokens tokens, CancellationToken cancel) =>
            await tokens.MakeAsync(asked, who, cancel) switch
            {
                { Made: { } made } => Results.Ok(made),
                var refused => Problems.Unprocessable(refused.Refusal!),
            });
        api.MapPost("/tokens/{id}/revoke", async (string id, Principal who, ApiTokens tokens, CancellationToken cancel) =>
            await tokens.RevokeAsync(id, who, cancel) is { } view ? Results.Ok((ApiTokenView[])[view]) : Problems.NotFound("token of yours", id));
    }

    private static IResult Answer(AccountOutcome outcome, string name) =>
        outcome.Done is { } done ? Results.Ok(done) : outcome.Refusal is { } refusal ? Problems.Unprocessable(refusal) : Problems.NotFound("account", name);
}
