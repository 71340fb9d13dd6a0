using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Rollouts.Flight;
using CvOps.Fleet.Rollouts.Planning;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Rollouts;

internal static class RolloutEndpoints
{
    public static void AddRollouts(this IServiceCollection services)
    {
        services.AddSingleton<RolloutStore>().AddSingleton<RolloutSignals>().AddSingleton<RolloutOrders>().AddSingleton<DeviceOrders>().AddSingleton<OrderBatch>().AddSingleton<RolloutEmergency>().AddSingleton<DiscordantFrames>();
        services.AddSingleton<DeviceGroups>().AddSingleton<DeviceClusters>().AddSingleton<PlanningFleet>().AddSingleton<DeviceSelection>().AddSingleton<ShiftStore>().AddSingleton<RolloutPlanning>().AddSingleton<LateJoin>();
        services.TryAddSingleton(LateDevicesPace.Usual);
        services.AddSingleton<FlightRecorder>().AddSingleton<FlightDesk>();
        services.AddSingleton<IFleetObserver, RolloutObserver>();
        services.AddSingleton<FourEyesDesk>();
        services.AddSingleton<IOverviewSource, RolloutOverview>();
        services.AddHostedService(provider => provider.GetRequiredService<RolloutOrders>());
        services.AddHostedService<RolloutJudgeLoop>();
        services.AddHostedService<RolloutResumeLoop>();
    }

    public static void MapRollouts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/rollouts", async (SiteViews views, Principal who, CancellationToken cancel) => Results.Ok(await views.RolloutsAsync(who, cancel)));

        api.MapPost("/rollouts", async (HttpRequest request, IGrainFactory grains, RolloutPlanning planning, IOptions<FleetOptions> options, CancellationToken cancel, bool draft = false, string by = "api") =>
        {
            var reading = await PlanEndpoints.ReadAsync(request, cancel);
            if (reading.Plan is not { } plan || reading.Mistakes.Count > 0) return Problems.Unprocessable(await PlanEndpoints.RefusalAsync(reading, [], planning, cancel));
            if (FourEyesRule.Unasked(plan, draft, options.Value.FourEyes) is { } unasked) return Problems.Unprocessable(unasked);
            var created = await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).Create(plan, by, draft);
            if (created.View is not { } view) return Problems.Unprocessable(await PlanEndpoints.RefusalAsync(reading, created.Problems, planning, cancel));
            // Let loose at once instead of at the next tick.
            await grains.GetGrain<IRolloutGrain>(view.Id).Tick();
            return Results.Created($"{ApiRoutes.Root}/rollouts/{view.Id}", await grains.GetGrain<IRolloutGrain>(view.Id).Read(withDevices: true));
        });

        api.MapGet("/rollouts/stop-all", (RolloutEmergency emergency) => emergency.ReadAsync());
        api.MapPost("/rollouts/stop-all", async (RolloutAction action, RolloutEmergency emergency) => Unsaid(action) ?? Results.Ok(await emergency.StopAsync(action)));
        api.MapPost("/rollouts/lift-stop", async (RolloutAction action, RolloutEmergency emergency) => Unsaid(action) ?? Results.Ok(await emergency.LiftAsync(action)));

        api.MapGet("/rollouts/{id}", async (string id, IGrainFactory grains) =>
            await Read(grains, id) is { } view ? Results.Ok(view) : Problems.NotFound("rollout", id));

        api.MapPut("/rollouts/{id}", async (string id, HttpRequest request, IGrainFactory grains, RolloutPlanning planning, CancellationToken cancel, string by = "api") =>
        {
            if (await Read(grains, id) is not { } view) return Problems.NotFound("rollout", id);
            var reading = await PlanEndpoints.ReadAsync(request, cancel);
            if (reading.Plan is not { } plan || reading.Mistakes.Count > 0) return Problems.Unprocessable(await PlanEndpoints.RefusalAsync(reading, [], planning, cancel));
            var revised = await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).Revise(id, plan, by);
            if (revised.View is { } draft) return Results.Ok(draft);
            return view.State == RolloutState.Draft ? Problems.Unprocessable(await PlanEndpoints.RefusalAsync(reading, revised.Problems, planning, cancel)) : NotInThisState(revised.Problems[0]);
        });

        api.MapGet("/rollouts/{id}/devices", async (string id, IGrainFactory grains, RolloutStore store, int? ring = null, RolloutDeviceState? state = null, long after = -1, int limit = Paging.Default) =>
        {
            if (await Read(grains, id) is null) return Problems.NotFound("rollout", id);
            return Results.Ok(await store.PageAsync(id, after, Paging.Clamp(limit), ring, state));
        });

        api.MapGet("/rollouts/{id}/discordant", async (string id, IGrainFactory grains, DiscordantFrames frames, CancellationToken cancel, int limit = Paging.Default) =>
            await Read(grains, id) is { } view ? Results.Ok(await frames.PageAsync(view, Paging.Clamp(limit), cancel)) : Problems.NotFound("rollout", id));

        api.MapPost("/rollouts/{id}/discordant/{frame}", async (string id, string frame, Judgement judgement, IGrainFactory grains, DiscordantFrames frames, CancellationToken cancel) =>
        {
            if (await Read(grains, id) is not { } view) return Problems.NotFound("rollout", id);
            var outcome = await frames.JudgeAsync(view, frame, judgement, cancel);
            return outcome.Frame is { } labelled ? Results.Ok(labelled) : outcome.Refusal is { } refusal ? Problems.Unprocessable(refusal) : Problems.NotFound("frame", frame);
        });

        foreach (var verb in Enum.GetValues<RolloutVerb>())
        {
            api.MapPost($"/rollouts/{{id}}/{verb.ToString().ToLowerInvariant()}", async (string id, RolloutAction action, Principal who, IGrainFactory grains, FourEyesDesk eyes, CancellationToken cancel) =>
            {
                if (await Read(grains, id) is not { } view) return Problems.NotFound("rollout", id);
                if (Unsaid(action) is { } unsaid) return unsaid;
                if (verb is RolloutVerb.Start or RolloutVerb.Approve && await eyes.RefusalAsync(view, who, cancel) is { } alone) return Problems.Alone(alone);
                var outcome = await grains.GetGrain<IRolloutGrain>(id).Act(verb, action);
                return outcome.Refusal is { } refusal ? NotInThisState(refusal) : Results.Ok(outcome.View);
            });
        }
    }

    /// <summary>Every rollout without its devices, the newest first.</summary>
    public static async Task<RolloutView[]> ReadAll(IGrainFactory grains)
    {
        var views = new List<RolloutView>();
        foreach (var id in await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).List(running: null))
            if (await grains.GetGrain<IRolloutGrain>(id).Read(withDevices: false) is { } view) views.Add(view);
        return [.. views];
    }

    private static IResult? Unsaid(RolloutAction action) => string.IsNullOrWhiteSpace(action.By) || string.IsNullOrWhiteSpace(action.Reason)
        ? Problems.Unprocessable("Say who (by) and why (reason): both go to the audit log.") : null;

    private static IResult NotInThisState(string refusal) => Results.Problem(refusal, statusCode: StatusCodes.Status409Conflict, title: "Not in this state");

    private static Task<RolloutView?> Read(IGrainFactory grains, string id) =>
        Identifier.IsValid(id) ? grains.GetGrain<IRolloutGrain>(id).Read(withDevices: true) : Task.FromResult<RolloutView?>(null);
}

/// <summary>Rollouts in the fleet's one look: those that wait for a person first.</summary>
internal sealed class RolloutOverview(IGrainFactory grains, RolloutEmergency emergency) : IOverviewSource
{
    public async ValueTask<OverviewPart> ReadAsync(CancellationToken cancel)
    {
        var running = (await RolloutEndpoints.ReadAll(grains)).Where(v => RolloutMachine.IsRunning(v.State)).ToArray();
        var stop = await emergency.ReadAsync();
        return new OverviewPart(RolloutsRunning: running.Length, NeedsAttention:
        [
            .. stop.On ? (Attention[])[new Attention("error", $"Every rollout is stopped by {stop.By}: {stop.Reason}", "/rollouts", stop.At ?? default)] : [],
            .. running.Where(v => v.State is RolloutState.Paused or RolloutState.AwaitingApproval or RolloutState.Stopping or RolloutState.RollingBack)
                .Select(v => new Attention(v.State is RolloutState.Paused or RolloutState.AwaitingApproval ? "warning" : "error", $"Rollout {v.Plan.Name} is {v.State}: {v.Reason}", $"/rollouts/{v.Id}", v.History[^1].At)),
        ]);
    }
}
