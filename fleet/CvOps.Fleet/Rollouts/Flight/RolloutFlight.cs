using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>
/// A rollout over recorded telemetry: the same rings, pace, decisions, machine and gate as a real one, with the time of the records for a clock. Pure; the same
/// history, plan and seed give the same flight.
/// </summary>
internal sealed class RolloutFlight
{
    private const int StepsPerTurn = 8;

    /// <summary>Fine enough that a soak is kept to a tenth.</summary>
    public static TimeSpan StepOf(RolloutPlan plan) => TimeSpan.FromSeconds(Math.Clamp(plan.Soak.Seconds / 10, 10, 600));

    private readonly RolloutPlan _plan;
    private readonly RolloutDevice[] _devices;
    private readonly FlightHistory _history;
    private readonly FlightChallenger _challenger;
    private readonly IReadOnlyDictionary<string, SiteShifts> _shifts;
    private readonly SiteId[] _sites;
    private readonly string[] _groups;
    private readonly long _payloadBytes;
    private readonly Random _chance;
    private readonly int[] _read;
    private readonly RolloutDeviceState[] _states;
    private readonly ArmCounts[] _before;
    private readonly Dictionary<(int Ring, string Group), ArmCounts[]> _sums = [];
    private readonly GuardRule _guards;
    private readonly FlightRivals _rivals = new();
    private readonly RolloutRecord _record;
    private DateTimeOffset? _downloads;

    /// <param name="dealt">The plan's devices, in the order in which they are told.</param>
    public RolloutFlight(RolloutPlan plan, IReadOnlyList<RolloutDevice> dealt, IReadOnlyDictionary<DeviceId, Candidate> fleet, FlightHistory history, FlightChallenger challenger,
        IReadOnlyDictionary<string, SiteShifts> shifts, long payloadBytes, int seed)
    {
        // The records are of the past, whatever the plan says of the future.
        _plan = plan with { StartsAt = null, ExpiresAt = null };
        (_devices, _history, _challenger, _shifts, _payloadBytes, _chance) = ([.. dealt], history, challenger, shifts, payloadBytes, new Random(seed));
        _sites = [.. dealt.Select(device => fleet[device.Device].Site)];
        _groups = [.. EvidenceGroups.Of([.. dealt.Select(device => (device.Device.Value, fleet[device.Device].Site.Value, fleet[device.Device].Labels.GetValueOrDefault("line")))]).Select(group => group.Value)];
        (_read, _states, _before) = (new int[_devices.Length], new RolloutDeviceState[_devices.Length], new ArmCounts[_devices.Length]);
        _guards = new GuardRule(_plan);
        _record = new RolloutRecord { Plan = _plan, State = RolloutState.Scheduled, RingSince = history.From, CreatedAt = history.From };
    }

    public FlightOutcome Fly()
    {
        for (var step = _history.FirstStep; step <= _history.LastStep + 1; step++)
        {
            var now = DateTimeOffset.UnixEpoch + ((step + 1) * _history.Step);
            Count(step);
            var exposed = Sums().Of(Arms.Challenger)[ArmCounter.Parts];
            _rivals.Look(Sums().Of(Arms.Champion), Sums().Of(Arms.Challenger), (now - _history.From).TotalHours);
            if (Decide(now) is { } end) return Outcome(end, _record.Reason, now, exposed);
            Tell(now);
        }
        return Outcome(FlightEnd.HistoryEnded, $"the records end while the rollout is {_record.State} in ring '{_plan.Rings[_record.Ring].Name}': {_record.Reason}", _history.To, Sums().Of(Arms.Challenger)[ArmCounter.Parts]);
    }

    private FlightOutcome Outcome(FlightEnd end, string reason, DateTimeOffset now, long exposed) => new(
        end, reason, (now - _history.From).TotalHours, exposed, _states.Count(state => state != RolloutDeviceState.Waiting), _rivals.Stops, [.. _record.History.Select(step => step with { Evidence = null })]);

    private RolloutSums Sums() => new(_sums);

    /// <summary>What devices counted in that step, under whichever model they are to be thought of.</summary>
    private void Count(long step)
    {
        var shadowed = _plan.Shadow is { Devices: > 0 } stage ? stage.Devices : _devices.Count(device => device.Ring == 0);
        for (var d = 0; d < _devices.Length; d++)
        {
            if (!_history.Devices.TryGetValue(_devices[d].Device.Value, out var bins)) continue;
            var runs = _states[d] == RolloutDeviceState.Running;
            var inShadow = _record.State == RolloutState.Shadowing && d < shadowed;
            for (; _read[d] < bins.Length && bins[_read[d]].Step <= step; _read[d]++)
            {
                var counts = FlightArms.Of(bins[_read[d]].Counts, _challenger, _chance);
                var sums = SumsOf(d);
                var inCharge = runs ? counts.Young : counts.Old;
                sums[runs ? Arms.Challenger : Arms.Champion] += inCharge;
                // A health report names no model: it is the new one's from its shadow on.
                sums[runs || inShadow ? Arms.Challenger : Arms.Champion] += counts.Health;
                if (!_plan.FirstInstallation && _plan.Model is not null && (runs || inShadow)) sums[Arms.Challenger] += counts.Pairs;
                if (!runs) _before[d] += inCharge;
                if (!runs && !inShadow) _before[d] += counts.Health;
            }
        }
    }

    private ArmCounts[] SumsOf(int device)
    {
        var key = (_devices[device].Ring, _groups[device]);
        if (!_sums.TryGetValue(key, out var sums)) _sums[key] = sums = new ArmCounts[Arms.Count];
        return sums;
    }

    /// <returns>How the flight ended; null while it goes on.</returns>
    private FlightEnd? Decide(DateTimeOffset now)
    {
        for (var step = 0; step < StepsPerTurn; step++)
        {
            RingTally[] tallies = [.. _devices.Select((device, d) => (device.Ring, State: _states[d])).CountBy(x => x).Select(x => new RingTally(x.Key.Ring, x.Key.State, x.Value))];
            var stand = new RolloutStand(tallies, Sums(), Stopped: false);
            var evidence = RolloutEvidenceOf.Sums(_plan, stand.Sums, [], _guards);
            var situation = new RolloutSituation(_plan, _record.State, _record.Ring, stand, evidence, now, _record.RingSince, _record.SoakSince);
            if (RolloutDecision.Next(situation, out var waits) is not { } next)
            {
                _record.Reason = waits ?? _record.Reason;
                return null;
            }
            Move(next.Happened, next.Reason, now);
            // Whoever plans is asked to think of every approval as given at once.
            if (_record.State == RolloutState.AwaitingApproval) Move(RolloutVerbs.EventOf(RolloutVerb.Approve, _record), "approved at once in the replay", now);
            switch (_record.State)
            {
                case RolloutState.Stopping: return FlightEnd.Stopped;
                case RolloutState.Paused: return FlightEnd.Paused;
                case RolloutState.Completed: return FlightEnd.Completed;
            }
        }
        return null;
    }

    private void Move(RolloutEvent happened, string reason, DateTimeOffset now)
    {
        var (from, to) = (_record.State, RolloutMachine.Next(_record.State, happened));
        _record.History.Add(new RolloutTransition(now, from, to, happened.ToString(), reason, "replay") { Ring = _record.Ring });
        RolloutVerbs.Enter(_record, from, to, happened, now);
        (_record.State, _record.Reason) = (to, reason);
    }

    /// <summary>Who was told a step ago has it by now; who may be told next is what the pace says.</summary>
    private void Tell(DateTimeOffset now)
    {
        for (var d = 0; d < _devices.Length; d++)
        {
            if (_states[d] != RolloutDeviceState.Assigned) continue;
            _states[d] = RolloutDeviceState.Running;
            // What it showed so far is its own past from now on.
            SumsOf(d)[Arms.Past] += _before[d];
        }
        if (_record.State is not (RolloutState.Canary or RolloutState.Advancing)) return;
        var place = new Dictionary<DeviceId, int>();
        for (var d = 0; d < _devices.Length; d++)
            if (_devices[d].Ring == _record.Ring && _states[d] == RolloutDeviceState.Waiting) place[_devices[d].Device] = d;
        var pace = PaceRule.Decide(_plan, new PaceMoment { Now = now, RingSince = _record.RingSince, Changing = new Dictionary<string, int>(), Shifts = _shifts, PayloadBytes = _payloadBytes, DownloadsUntil = _downloads },
            place.Select(device => new PaceDevice(device.Key, _sites[device.Value], true, now, LastPart(device.Value))));
        _downloads = pace.DownloadsUntil;
        foreach (var device in pace.Tell) _states[place[device]] = RolloutDeviceState.Assigned;
    }

    private DateTimeOffset? LastPart(int device) =>
        _history.Devices.TryGetValue(_devices[device].Device.Value, out var bins) && _read[device] > 0 ? DateTimeOffset.UnixEpoch + ((bins[_read[device] - 1].Step + 1) * _history.Step) : null;
}
