using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts;

/// <param name="Problems">Every mistake of the plan; empty when there is a rollout.</param>
[GenerateSerializer, Immutable]
internal sealed record CreateOutcome([property: Id(0)] RolloutView? View, [property: Id(1)] IReadOnlyList<string> Problems);

/// <summary>Makes rollouts, one at a time, so that each has a number of its own. Which there are is a table; that no device is in two of them is its index.</summary>
internal interface IRolloutIndexGrain : IGrainWithStringKey
{
    const string Key = "all";

    /// <param name="draft">It waits for a person to start it, and holds no device until then.</param>
    Task<CreateOutcome> Create(RolloutPlan plan, string by, bool draft);

    /// <summary>Gives a draft another plan. A plan that runs is not edited: its evidence stands on its numbers.</summary>
    Task<CreateOutcome> Revise(string id, RolloutPlan plan, string by);

    /// <summary>Rollouts by id, the newest first.</summary>
    /// <param name="running">Null: both those that run and those that have ended.</param>
    Task<IReadOnlyList<string>> List(bool? running);
}

internal sealed class RolloutIndexGrain(
    [PersistentState("rollouts")] IPersistentState<RolloutIndexRecord> state, RolloutPlanning planning, RolloutStore store, TimeProvider time) : Grain, IRolloutIndexGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (state.State.Form >= RolloutIndexRecord.NewestForm || state.State.Rollouts.Count == 0) return;
        // Of before the table was: each grain brings its own rows when it is woken.
        foreach (var rollout in state.State.Rollouts) await GrainFactory.GetGrain<IRolloutGrain>(rollout.Id).Read(withDevices: false);
        state.State = new RolloutIndexRecord { Created = state.State.Created };
        await state.WriteStateAsync(cancellationToken);
    }

    public async Task<CreateOutcome> Create(RolloutPlan plan, string by, bool draft)
    {
        var number = Math.Max(state.State.Created, await store.LastNumberAsync()) + 1;
        return await Write($"rollout-{number}", number, plan, by, draft);
    }

    public async Task<CreateOutcome> Revise(string id, RolloutPlan plan, string by)
    {
        if (await GrainFactory.GetGrain<IRolloutGrain>(id).Read(withDevices: false) is not { State: RolloutState.Draft })
            return new CreateOutcome(null, ["Only a draft takes another plan: the evidence of one that runs stands on its numbers. Abort it and start another."]);
        return await Write(id, RolloutIndexRecord.NumberOf(id), plan, by, draft: true, revises: true);
    }

    public async Task<IReadOnlyList<string>> List(bool? running) => (await store.ListAsync(running)).Select(row => row.Id).ToArray();

    private async Task<CreateOutcome> Write(string id, int number, RolloutPlan plan, string by, bool draft, bool revises = false)
    {
        var drafted = await planning.Draft(plan, CancellationToken.None);
        if (drafted.Problems.Count > 0) return new CreateOutcome(null, drafted.Problems);
        plan = drafted.Plan;
        // Planning takes its time, and a person may have started the draft meanwhile.
        if (revises && !await GrainFactory.GetGrain<IRolloutGrain>(id).HoldDraft()) return new CreateOutcome(null, ["It was started in the meantime, under the plan it had."]);
        // Rows first: a crash before the record leaves rows without one, which let go of their devices when they are looked at.
        var row = new RolloutRow(id, plan.Name, plan.Payload, plan.Model is not null, draft ? RolloutState.Draft : RolloutState.Scheduled, !draft, plan.Priority);
        await store.CreateAsync(row, number, time.GetUtcNow(), RolloutMembers.Of(id, plan, drafted.Devices, drafted.Fleet));
        return new CreateOutcome(await GrainFactory.GetGrain<IRolloutGrain>(id).Create(plan, drafted.Model!, drafted.Coverage, by, draft), []);
    }
}

internal sealed class RolloutIndexRecord
{
    public const int NewestForm = 2;

    /// <summary>1 had the rollouts in it.</summary>
    public int Form { get; set; } = NewestForm;

    /// <summary>Rollouts ever numbered, of before the table was.</summary>
    public int Created { get; set; }

    public List<IndexedRollout> Rollouts { get; set; } = [];

    public static int NumberOf(string id) => int.Parse(id.AsSpan(id.LastIndexOf('-') + 1), System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A rollout in the index of form 1.</summary>
internal sealed record IndexedRollout(string Id);
