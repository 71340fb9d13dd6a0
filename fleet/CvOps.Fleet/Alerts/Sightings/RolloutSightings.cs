using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;

namespace CvOps.Fleet.Alerts.Sightings;

/// <summary>Rollouts that stopped, pause, or wait for a person.</summary>
internal sealed class RolloutSightings(RolloutStore store, IGrainFactory grains, TimeProvider time) : ISightingSource
{
    /// <summary>That a rollout was stopped is news for so long.</summary>
    private static readonly TimeSpan News = TimeSpan.FromDays(1);

    /// <summary>A rollout that is over is not asked again: what became of it stays.</summary>
    private readonly Dictionary<string, Sighting?> _over = [];

    public IReadOnlyList<AlertSource> Sources { get; } = [AlertSource.RolloutStopped, AlertSource.RolloutPaused, AlertSource.RolloutApproval];

    public async ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel)
    {
        var found = new List<Sighting>();
        foreach (var row in await store.ListAsync(null))
        {
            cancel.ThrowIfCancellationRequested();
            if (row.State is RolloutState.RolledBack or RolloutState.Aborted && _over.TryGetValue(row.Id, out var known))
            {
                if (known is not null && time.GetUtcNow() - known.Since < News) found.Add(known);
                continue;
            }
            if (row.State is not (RolloutState.Paused or RolloutState.AwaitingApproval or RolloutState.Stopping or RolloutState.RollingBack or RolloutState.RolledBack or RolloutState.Aborted)) continue;
            if (await grains.GetGrain<IRolloutGrain>(row.Id).Read(withDevices: false) is not { } view) continue;
            var sighting = Of(view);
            if (row.State == view.State && view.State is RolloutState.RolledBack or RolloutState.Aborted) _over[row.Id] = sighting;
            if (sighting is not null && (sighting.Source != AlertSource.RolloutStopped || time.GetUtcNow() - sighting.Since < News)) found.Add(sighting);
        }
        return found;
    }

    /// <returns>Null when nobody has to know.</returns>
    public static Sighting? Of(RolloutView view)
    {
        var last = view.History is [.., var step] ? step.At : view.CreatedAt;
        var name = $"Rollout '{view.Plan.Name}' ({view.Id}, {view.Model.Name} {view.Model.Version})";
        return view.State switch
        {
            RolloutState.Paused => Say(AlertSource.RolloutPaused, $"{name} is paused: {view.Reason}", last),
            RolloutState.AwaitingApproval => Say(AlertSource.RolloutApproval, $"{name} waits for an approval: {view.Reason}", last),
            // What a person asked for is no news to them; what the evidence did is.
            RolloutState.Stopping or RolloutState.RollingBack or RolloutState.RolledBack or RolloutState.Aborted
                when view.History.LastOrDefault(it => it.To is RolloutState.Stopping or RolloutState.Aborted) is { } stop && stop.Trigger is not (nameof(RolloutEvent.RollbackAsked) or nameof(RolloutEvent.AbortAsked))
                => Say(AlertSource.RolloutStopped, $"{name} was stopped: {stop.Reason}", stop.At),
            _ => null,
        };

        Sighting Say(AlertSource source, string summary, DateTimeOffset since) =>
            new(source, view.Id, summary, $"/rollouts/{view.Id}", since, new Dictionary<string, string> { ["rollout"] = view.Id, ["model"] = view.Model.Name });
    }
}
