using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts;

/// <param name="Pause">Why a person has to decide; null when nobody has to.</param>
/// <param name="Waits">What the others wait for, in a sentence.</param>
internal sealed record PaceChoice(IReadOnlyList<DeviceId> Tell, IReadOnlyList<DeviceId> Skip, string? Pause, string? Waits);

/// <summary>Asks <see cref="PaceRule"/> which devices of the ring in progress may be told now.</summary>
internal sealed class RingPace(string id, RolloutStore store, ShiftStore shifts, TimeProvider time)
{
    private DateTimeOffset? _downloadsUntil;

    public async Task<PaceChoice> ChooseAsync(OrderPlan order, long payloadBytes)
    {
        var plan = order.Plan;
        if (order.State == RolloutState.Shadowing)
        {
            // Nothing changes for the line: no window has to open for a shadow.
            var stage = plan.Shadow!.Devices;
            var waiting = await store.MembersAsync(id, RolloutOrderLoop.Batch, $"state = @state AND {(stage > 0 ? "place < @stage" : "ring = 0")}", new { state = nameof(RolloutDeviceState.Waiting), stage });
            return new PaceChoice(waiting.ConvertAll(member => member.Device), [], null, null);
        }
        var candidates = await store.CandidatesAsync(id, order.Ring, order.State == RolloutState.Soaking, plan.Windows.Any(window => window.IdleSeconds is not null), plan.Priority, RolloutOrderLoop.Batch);
        if (candidates.Count == 0) return new PaceChoice([], [], null, null);
        var decision = PaceRule.Decide(plan, new PaceMoment
        {
            Now = time.GetUtcNow(), RingSince = order.RingSince, PayloadBytes = payloadBytes, DownloadsUntil = _downloadsUntil, Most = RolloutOrderLoop.Batch,
            Shifts = plan.Windows.Any(window => window.Shift is not null) ? await shifts.ReadAsync(CancellationToken.None) : new Dictionary<string, SiteShifts>(),
            Changing = plan.Limits.Devices is null && plan.Limits.PerSite is null ? new Dictionary<string, int>() : await store.ChangingAsync(id),
        }, candidates);
        _downloadsUntil = decision.DownloadsUntil;
        return new PaceChoice(decision.Tell, decision.Skip, decision.Pause, decision.Sentence);
    }
}
