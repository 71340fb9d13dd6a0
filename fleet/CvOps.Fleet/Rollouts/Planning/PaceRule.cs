using System.Globalization;
using System.Runtime.InteropServices;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>
/// Which of a ring's waiting devices may be told now. Pure. A device is told only while it is online, in a window of its site, and within the plan's limits:
/// a wish that a device finds after it was away for a day would change it in mid-shift.
/// </summary>
internal static class PaceRule
{
    /// <summary>Bandwidth is averaged over this.</summary>
    private static readonly TimeSpan Average = TimeSpan.FromMinutes(1);

    /// <param name="waiting">In the order in which they should be told; read once.</param>
    public static PaceDecision Decide(RolloutPlan plan, PaceMoment moment, IEnumerable<PaceDevice> waiting)
    {
        var now = moment.Now;
        if (plan.ExpiresAt is { } end && now >= end)
            return new PaceDecision([], [], $"the plan expired at {Clock(end)}: no further device is told", [], null, moment.DownloadsUntil);
        var turn = new Turn(plan, moment);
        foreach (var device in waiting) turn.Look(device);
        return turn.Decision();
    }

    private static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private sealed class Turn(RolloutPlan plan, PaceMoment moment)
    {
        private readonly Dictionary<string, SiteWindow> _windows = [];
        private readonly Dictionary<string, int> _changing = new(moment.Changing);
        private readonly Dictionary<(string For, DateTimeOffset? Until), int> _waits = [];
        private readonly List<DeviceId> _tell = [];
        private readonly List<DeviceId> _skip = [];
        private int _all = moment.Changing.Values.Sum();
        private DateTimeOffset? _downloads = moment.DownloadsUntil;
        private string? _pause;

        private DateTimeOffset Now => moment.Now;

        public void Look(in PaceDevice device)
        {
            if (plan.StartsAt is { } start && Now < start) Wait("its start", start);
            else if (device.HeldBy is { } other) Wait($"rollout '{other}', which has the device first", null);
            else if (!device.Online) Offline(device);
            else if (!InWindow(device)) return;
            else if (_tell.Count >= moment.Most) Wait("its turn", Now);
            else if (plan.Limits.Devices is { } most && _all >= most) Wait($"others to finish: {most} may change at once", null);
            else if (plan.Limits.PerSite is { } local && _changing.GetValueOrDefault(device.Site.Value) >= local) Wait($"others of its site to finish: {local} may change at once", null);
            else if (!HasBandwidth()) Wait($"bandwidth: {plan.Limits.BytesPerSecond} B/s are used up", _downloads - Average);
            else Tell(device);
        }

        public PaceDecision Decision()
        {
            if (_pause is not null) return new PaceDecision([], [], _pause, [], null, moment.DownloadsUntil);
            PaceWait[] waits =
            [
                .. _waits.Select(wait => new PaceWait(wait.Key.For, wait.Value, wait.Key.Until, wait.Key.Until is { } until && until > Now ? RolloutWords.Time(until - Now) : null))
                    .OrderByDescending(wait => wait.Devices).ThenBy(wait => wait.For, StringComparer.Ordinal),
            ];
            return new PaceDecision(_tell, _skip, null, waits, waits.Min(wait => wait.Until), _downloads);
        }

        private void Wait(string what, DateTimeOffset? until) => CollectionsMarshal.GetValueRefOrAddDefault(_waits, (what, until), out _)++;

        private void Offline(in PaceDevice device)
        {
            // What was missed before the ring was let loose is not its device's fault.
            var away = device.Seen > moment.RingSince ? device.Seen : moment.RingSince;
            var patience = away + TimeSpan.FromSeconds(plan.Offline.WaitSeconds);
            if (Now < patience) Wait($"devices that are offline{(plan.Offline.Then == OfflineChoice.Skip ? "; the ring goes on without them" : "; the rollout pauses")}", patience);
            else if (plan.Offline.Then == OfflineChoice.Skip) _skip.Add(device.Device);
            else _pause ??= $"{device.Device} has been offline since {Clock(device.Seen)}, longer than the {RolloutWords.Time(TimeSpan.FromSeconds(plan.Offline.WaitSeconds))} that the plan waits";
        }

        private bool InWindow(in PaceDevice device)
        {
            ref var window = ref CollectionsMarshal.GetValueRefOrAddDefault(_windows, device.Site.Value, out _);
            window ??= SiteWindow.At(plan.Windows, moment.Shifts.GetValueOrDefault(device.Site.Value), Now);
            if (window.Open) return true;
            if (window.IdleSeconds is not { } idle)
            {
                Wait(window.Words, window.Until);
                return false;
            }
            if (device.LastPart is not { } part || Now >= part + TimeSpan.FromSeconds(idle)) return true;
            // By the whole idle time from now on: each device's own moment would make a reason a device.
            Wait(window.Words, Now + TimeSpan.FromSeconds(idle));
            return false;
        }

        /// <summary>
        /// The virtual scheduling algorithm (ITU-T I.371, annex A) with a minute's burst: downloads are queued at the plan's rate, and a device may be told
        /// while the queue is shorter than a minute.
        /// </summary>
        private bool HasBandwidth()
        {
            if (plan.Limits.BytesPerSecond is not { } rate || moment.PayloadBytes == 0) return true;
            if (_downloads is { } until && until > Now + Average) return false;
            _downloads = (_downloads > Now ? _downloads.Value : Now) + TimeSpan.FromSeconds((double)moment.PayloadBytes / rate);
            return true;
        }

        private void Tell(in PaceDevice device)
        {
            _tell.Add(device.Device);
            _all++;
            CollectionsMarshal.GetValueRefOrAddDefault(_changing, device.Site.Value, out _)++;
        }
    }
}
