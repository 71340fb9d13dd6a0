using System.Collections.Concurrent;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Rollouts;

/// <summary>What a rollout's grain has decided, as far as it concerns who is told what.</summary>
internal sealed record OrderPlan(RolloutPlan Plan, ModelRef Model, RolloutState State, int Ring, DateTimeOffset RingSince, bool Soaks);

/// <summary>What came to light while devices were told; for the next judgement.</summary>
/// <param name="Missing">Why nobody can be given the payload.</param>
/// <param name="Offline">Why a person must decide about devices that stay away.</param>
/// <param name="Waits">What devices wait for, in a sentence.</param>
/// <param name="Returned">All were told to take back what they had.</param>
internal sealed record OrderWord(string? Missing, string? Offline, string? Waits, bool Returned)
{
    public static OrderWord None { get; } = new(null, null, null, false);
}

/// <summary>The loops that tell devices, one a rollout that runs in this process. All a loop knows is in rows: it can end anywhere and be begun again.</summary>
internal sealed class RolloutOrders(RolloutStore store, DeviceOrders devices, OrderBatch batch, ShiftStore shifts, RolloutSignals signals, TimeProvider time, ILogger<RolloutOrderLoop> log) : IHostedService
{
    private readonly ConcurrentDictionary<string, RolloutOrderLoop> _loops = new();
    private volatile bool _stopped;

    /// <summary>Has the rollout's devices told what follows from the plan; returns at once.</summary>
    public void Go(string id, OrderPlan plan)
    {
        if (!_stopped) _loops.GetOrAdd(id, key => new RolloutOrderLoop(key, store, devices, batch, shifts, signals, time, log)).Go(plan);
    }

    /// <summary>From now on no device is told to take the payload, until <see cref="Go"/>.</summary>
    public void Hold(string id)
    {
        if (_loops.TryGetValue(id, out var loop)) loop.Hold();
    }

    /// <summary>Returns when the batch that is out has ended: from then on nobody tells the rollout's devices anything.</summary>
    public async Task EndAsync(string id)
    {
        if (_loops.TryRemove(id, out var loop)) await loop.DisposeAsync();
    }

    public OrderWord Word(string id) => _loops.TryGetValue(id, out var loop) ? loop.Word : OrderWord.None;

    /// <summary>True when every device that was told to take the model was told to leave the previous one alone; if not, they are being told now, and the rollout is marked when they were.</summary>
    public bool ComparisonsEnded(string id) => _loops.TryGetValue(id, out var loop) && loop.ComparisonsEnded();

    /// <summary>As <see cref="ComparisonsEnded"/>, and waits for it.</summary>
    public async Task EndComparisonsAsync(string id)
    {
        while (await ComparisonEnd.BatchAsync(id, store, batch)) { }
    }

    /// <summary>The ring's devices that had failed by then wait to be told once more. Again is the same: who failed since is left as it is.</summary>
    public async Task RetryAsync(string id, int ring, DateTimeOffset asked)
    {
        while (await store.MembersAsync(id, RolloutOrderLoop.Batch, "ring = @ring AND state = @state AND changed_at <= @asked", new { ring, state = nameof(RolloutDeviceState.Failed), asked = SqlTime.Of(asked) }) is { Count: > 0 } failed)
            await store.ChangeAsync(id, failed.ConvertAll(member => member.Device), member => member with { State = RolloutDeviceState.Waiting, Ordered = 0, Reason = "it is to try once more" });
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The batches that are out end before the database is closed.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopped = true;
        return Task.WhenAll(_loops.Values.Select(loop => loop.DisposeAsync().AsTask())).WaitAsync(cancellationToken);
    }
}

/// <summary>Ends the comparisons of a rollout, a batch at a time.</summary>
internal static class ComparisonEnd
{
    /// <summary>Who was told, whatever came of it, but for those who failed: they have nothing to compare, and another word would have them try again.</summary>
    private const string Compares = "held = 1 AND (state IN ('Assigned', 'Updating', 'Running', 'Skipped') AND compares = 1 AND ordered > 0 OR state = 'Shadowing')";

    /// <returns>False when no device compares any more.</returns>
    public static async Task<bool> BatchAsync(string id, RolloutStore store, OrderBatch batch)
    {
        var comparing = await store.MembersAsync(id, RolloutOrderLoop.Batch, Compares);
        if (comparing.Count == 0 || await store.FindAsync(id) is not { } rollout) return false;
        await batch.EndComparisonsAsync(rollout, comparing.ConvertAll(member => member.Device));
        return true;
    }
}
