using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts;

internal static class RolloutEndpoints
{
    public static void AddRollouts(this IServiceCollection services)
    {
        services.AddSingleton<RunningRollouts>();
        services.AddSingleton<DeviceGroups>().AddSingleton<DeviceClusters>().AddSingleton<PlanningFleet>().AddSingleton<DeviceSelection>().AddSingleton<ShiftStore>().AddSingleton<RolloutPlanning>();
        services.AddSingleton<DeviceOrders>();
        services.AddSingleton<IFleetObserver, RolloutObserver>();
        services.AddSingleton<IOverviewSource, RolloutOverview>();
        services.AddHostedService<RolloutResumeLoop>();
    }

    public static void MapRollouts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/rollouts", async (IGrainFactory grains) => Results.Ok(await ReadAll(grains)));

        api.MapPost("/rollouts", async (RolloutPlan plan, IGrainFactory grains) =>
        {
            var created = await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).Create(plan, "api");
            if (created.View is not { } view) return Problems.Unprocessable(string.Join(" ", created.Problems));
            // Let loose at once instead of at the next tick.
            await grains.GetGrain<IRolloutGrain>(view.Id).Tick();
            return Results.Created($"{ApiRoutes.Root}/rollouts/{view.Id}", await grains.GetGrain<IRolloutGrain>(view.Id).Read());
        });

        api.MapGet("/rollouts/{id}", async (string id, IGrainFactory grains) =>
            await Read(grains, id) is { } view ? Results.Ok(view) : Problems.NotFound("rollout", id));

        foreach (var verb in Enum.GetValues<RolloutVerb>())
        {
            api.MapPost($"/rollouts/{{id}}/{verb.ToString().ToLowerInvariant()}", async (string id, RolloutAction action, IGrainFactory grains) =>
            {
                if (await Read(grains, id) is null) return Problems.NotFound("rollout", id);
                if (string.IsNullOrWhiteSpace(action.By) || string.IsNullOrWhiteSpace(action.Reason)) return Problems.Unprocessable("Say who (by) and why (reason): both go to the audit log.");
                var outcome = await grains.GetGrain<IRolloutGrain>(id).Act(verb, action);
                return outcome.Refusal is { } refusal ? Results.Problem(refusal, statusCode: StatusCodes.Status409Conflict, title: "Not in this state") : Results.Ok(outcome.View);
            });
        }
    }

    public static async Task<RolloutView[]> ReadAll(IGrainFactory grains)
    {
        var views = new List<RolloutView>();
        foreach (var rollout in await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).List())
            if (await grains.GetGrain<IRolloutGrain>(rollout.Id).Read() is { } view) views.Add(view);
        return [.. views.OrderByDescending(v => v.CreatedAt)];
    }

    private static Task<RolloutView?> Read(IGrainFactory grains, string id) =>
        Identifier.IsValid(id) ? grains.GetGrain<IRolloutGrain>(id).Read() : Task.FromResult<RolloutView?>(null);
}

/// <summary>Rollouts in the fleet's one look: those that wait for a person first.</summary>
internal sealed class RolloutOverview(IGrainFactory grains) : IOverviewSource
{
    public async ValueTask<OverviewPart> ReadAsync(CancellationToken cancel)
    {
        var running = (await RolloutEndpoints.ReadAll(grains)).Where(v => RolloutMachine.IsRunning(v.State)).ToArray();
        return new OverviewPart(RolloutsRunning: running.Length, NeedsAttention:
        [
            .. running.Where(v => v.State is RolloutState.Paused or RolloutState.Stopping or RolloutState.RollingBack)
                .Select(v => new Attention(v.State == RolloutState.Paused ? "warning" : "error", $"Rollout {v.Plan.Name} is {v.State}: {v.Reason}", $"/rollouts/{v.Id}", v.History[^1].At)),
        ]);
    }
}
