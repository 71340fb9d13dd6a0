using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts;

/// <summary>A rollout as the index knows it.</summary>
/// <param name="Running">It holds its devices.</param>
/// <param name="Previous">By device, digest of the model it had; null for a first installation.</param>
[GenerateSerializer, Immutable]
internal sealed record IndexedRollout(
    [property: Id(0)] string Id, [property: Id(1)] string Name, [property: Id(2)] string Model, [property: Id(3)] bool Running,
    [property: Id(4)] IReadOnlyDictionary<string, string?> Previous);

/// <param name="Problems">Every mistake of the plan; empty when there is a rollout.</param>
[GenerateSerializer, Immutable]
internal sealed record CreateOutcome([property: Id(0)] RolloutView? View, [property: Id(1)] IReadOnlyList<string> Problems);

/// <summary>Which rollouts there are. One grain, so that no device is ever given to two of them.</summary>
internal interface IRolloutIndexGrain : IGrainWithStringKey
{
    const string Key = "all";

    Task<CreateOutcome> Create(RolloutPlan plan, string by);

    Task<IReadOnlyList<IndexedRollout>> List();

    /// <summary>The rollout lets go of its devices.</summary>
    Task Ended(string id);

    /// <summary>A rollout that had ended takes its devices back to their previous models.</summary>
    Task Reopened(string id);
}

internal sealed class RolloutIndexGrain(
    [PersistentState("rollouts")] IPersistentState<RolloutIndexRecord> state, RolloutPlanning planning, RunningRollouts running) : Grain, IRolloutIndexGrain
{
    public async Task<CreateOutcome> Create(RolloutPlan plan, string by)
    {
        var drafted = await planning.Draft(plan, state.State.Rollouts, CancellationToken.None);
        if (drafted.Problems.Count > 0) return new CreateOutcome(null, drafted.Problems);

        var id = $"rollout-{state.State.Created + 1}";
        var grain = GrainFactory.GetGrain<IRolloutGrain>(id);
        // Listed before it is written: a crash in between leaves a listed number without a rollout, which no list shows and no device is told of.
        state.State.Created++;
        state.State.Rollouts.Add(new IndexedRollout(id, plan.Name, drafted.Plan.Payload, true, drafted.Devices.ToDictionary(d => d.Device.Value, d => d.Previous?.Digest)));
        await Write();
        var view = await grain.Create(drafted.Plan, drafted.Model!, drafted.Devices, by);
        running.Forget();
        return new CreateOutcome(view, []);
    }

    public Task<IReadOnlyList<IndexedRollout>> List() => Task.FromResult<IReadOnlyList<IndexedRollout>>(state.State.Rollouts.ToArray());

    public Task Ended(string id) => SetRunning(id, false);

    public Task Reopened(string id) => SetRunning(id, true);

    private async Task SetRunning(string id, bool value)
    {
        var at = state.State.Rollouts.FindIndex(r => r.Id == id);
        if (at < 0 || state.State.Rollouts[at].Running == value) return;
        state.State.Rollouts[at] = state.State.Rollouts[at] with { Running = value };
        await Write();
        running.Forget();
    }

    private async Task Write()
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }
}

internal sealed class RolloutIndexRecord
{
    public int Form { get; set; } = 1;

    /// <summary>Rollouts ever numbered.</summary>
    public int Created { get; set; }

    public List<IndexedRollout> Rollouts { get; set; } = [];
}
