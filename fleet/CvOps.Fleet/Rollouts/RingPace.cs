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
    private const int MostAway = 2000;
    private static readonly TimeSpan LookAwayEvery = TimeSpan.FromSeconds(5);

    private DateTimeOffset? _downloadsUntil;
    private PacePage? _page;
    private long _lookedAway;

    public async Task<PaceChoice> ChooseAsync(OrderPlan order, long payloadBytes)
    {
        var plan = order.Plan;
        if (order.State == RolloutState.Shadowing)
        {
            var stage = plan.Shadow!.Devices;
            var waiting = await store.MembersAsync(id, RolloutOrderLoop.Batch, $"state = @state AND {(stage > 0 ? "place < @stage" : "ring = 0")}", new { state = nameof(RolloutDeviceState.Waiting), stage });
            // Nothing changes for the line, so no window has to open for a shadow and any number may have one at once; its download takes the same bandwidth.
            var shadows = PaceRule.Decide(new RolloutPlan { Name = plan.Name, Rings = plan.Rings, Limits = new RolloutLimits(BytesPerSecond: plan.Limits.BytesPerSecond) }, new PaceMoment
            {
                Now = time.GetUtcNow(), RingSince = order.RingSince, PayloadBytes = payloadBytes, DownloadsUntil = _downloadsUntil, Most = RolloutOrderLoop.Batch,
                Shifts = new Dictionary<string, SiteShifts>(), Changing = new Dictionary<string, int>(),
            }, waiting.Select(member => new PaceDevice(member.Device, member.Site, Online: true, Seen: member.Since)));
            _downloadsUntil = shadows.DownloadsUntil;
            return new PaceChoice(shadows.Tell, [], null, shadows.Sentence);
        }
        var soaks = order.State == RolloutState.Soaking;
        var (candidates, next) = await store.OnlineAsync(id, order.Ring, soaks, plan.Windows.Any(window => window.IdleSeconds is not null), plan.Priority, RolloutOrderLoop.Batch, _page);
        // Where nobody of a page may be told, the next turn looks behind it: those in front must not hold up those whose site is open.
        _page = next;
        // Those that are away are looked at now and then, and whenever nobody else is left; while a ring soaks, those who were told and have gone since.
        if ((!soaks && candidates.Count == 0) || time.GetElapsedTime(_lookedAway) > LookAwayEvery)
        {
            _lookedAway = time.GetTimestamp();
            candidates.AddRange(await store.OfflineAsync(id, order.Ring, soaks, plan.Priority, MostAway));
        }
        if (candidates.Count == 0) return new PaceChoice([], [], null, null);
        var changing = plan.Limits.Devices is null && plan.Limits.PerSite is null ? new Dictionary<string, int>() : await store.ChangingAsync(id);
        var now = time.GetUtcNow();
        var decision = PaceRule.Decide(plan, new PaceMoment
        {
            Now = now, RingSince = order.RingSince, PayloadBytes = payloadBytes, DownloadsUntil = _downloadsUntil, Most = RolloutOrderLoop.Batch,
            Shifts = plan.Windows.Any(window => window.Shift is not null) ? await shifts.ReadAsync(CancellationToken.None) : new Dictionary<string, SiteShifts>(),
            Changing = changing,
        }, candidates);
        _downloadsUntil = decision.DownloadsUntil;
        // Where the rollout as a whole has to wait, the first are still the first.
        if (decision.Tell.Count > 0 || changing.Values.Sum() >= plan.Limits.Devices || _downloadsUntil > now) _page = null;
        return new PaceChoice(decision.Tell, decision.Skip, decision.Pause, decision.Sentence);
    }
}
