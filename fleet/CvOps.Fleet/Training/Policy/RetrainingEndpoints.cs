using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Training.Policy;

internal static class RetrainingEndpoints
{
    public static void AddRetraining(this IServiceCollection services)
    {
        services.AddSingleton<RetrainingDesk>().AddSingleton<IFleetObserver>(provider => provider.GetRequiredService<RetrainingDesk>());
        services.AddHostedService<RetrainingLoop>();
    }

    public static void MapRetraining(this IEndpointRouteBuilder api)
    {
        api.MapGet("/retraining", (RetrainingDesk desk, CancellationToken cancel) => desk.LedgerAsync(cancel));

        api.MapGet("/retraining/policies", (RetrainingDesk desk, CancellationToken cancel) => desk.PoliciesAsync(cancel));

        api.MapGet("/retraining/policies/{model}", async (string model, RetrainingDesk desk, CancellationToken cancel) =>
            await desk.FindAsync(model, cancel) is { } view ? Results.Ok(view) : Problems.NotFound("retraining policy", model));

        api.MapPut("/retraining/policies/{model}", async (string model, RetrainingPolicy policy, RetrainingDesk desk, CancellationToken cancel) =>
        {
            if (policy.Model != model) return Problems.Unprocessable($"The policy is for '{policy.Model}', the address for '{model}'.");
            var mistakes = await desk.SetAsync(policy, cancel);
            return mistakes.Count == 0 ? Results.Ok(await desk.FindAsync(model, cancel)) : Problems.Unprocessable(string.Join(" ", mistakes));
        });

        api.MapDelete("/retraining/policies/{model}", async (string model, HttpContext http, RetrainingDesk desk, CancellationToken cancel) =>
            await desk.RemoveAsync(model, http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault() ?? "api", cancel) ? Results.NoContent() : Problems.NotFound("retraining policy", model));

        api.MapPost("/retraining/policies/{model}/start", async (string model, RetrainingRequest request, RetrainingDesk desk, CancellationToken cancel) =>
        {
            if (string.IsNullOrWhiteSpace(request.By) || string.IsNullOrWhiteSpace(request.Reason)) return Problems.Unprocessable("Say who asks (by) and why (reason): the ledger keeps both.");
            return await desk.AskAsync(model, request, cancel) ? Results.Ok(await desk.FindAsync(model, cancel)) : Problems.NotFound("retraining policy", model);
        });
    }
}
