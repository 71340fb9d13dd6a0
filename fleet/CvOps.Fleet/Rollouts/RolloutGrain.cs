using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Keeps a rollout's record and its clock. Every turn calls the pure parts, writes the record, and only then acts; what it then does can be done
/// again, so that a crash anywhere is a repetition. A timer ticks while the rollout runs, a reminder wakes it after a restart. Devices are told beside the
/// turns (<see cref="RolloutOrders"/>), so that a stop never waits for a wave.
/// </summary>
internal sealed partial class RolloutGrain(
    [PersistentState("rollout")] IPersistentState<RolloutRecord> state,
    RolloutStore store, RolloutOrders orders, LateJoin late, LateDevicesPace latePace, Revocations revocations, Audit audit, FleetEvents events, TimeProvider time, ILogger<RolloutGrain> logger) : Grain, IRolloutGrain, IRemindable
{
    private const string Wake = "wake";
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WakeEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CurveKeptEvery = TimeSpan.FromSeconds(30);

    /// <summary>More steps than a rollout can take without waiting for anything.</summary>
    private const int StepsPerTurn = 8;

    private IGrainTimer? _timer;
    private DateTimeOffset _curveKept;
    /// <summary>By then the rows of a revised draft are written, or whoever wrote them is gone.</summary>
    private static readonly TimeSpan RevisionTakes = TimeSpan.FromMinutes(1);

    private DateTimeOffset _revisedUntil;
    private GuardRule? _guards;
    private LateDevicesLook? _lateLook;

    /// <summary>The written state that rows and devices follow; null while they may lag behind.</summary>
    private RolloutState? _followed;

    private RolloutRecord Record => state.State;

    private string Id => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (Record.Plan is null) return;
        if (Record.Form < RolloutRecord.NewestForm)
        {
            // The rows first: what is moved twice is there once.
            await store.MoveAsync(Id, Record);
            (Record.Form, Record.Curve) = (RolloutRecord.NewestForm, Record.Counts?.Curve ?? []);
            (Record.Devices, Record.Ordered, Record.Counts) = (null, null, null);
            await Write();
        }
        // A crash between the write of a step and its rows is healed here.
        await FollowAsync();
        await RetryAsync();
        if (RolloutMachine.IsRunning(Record.State)) await StartClock();
    }

    /// <summary>The batch that is out ends first, so that no two tell the same devices.</summary>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => orders.EndAsync(Id);

    public async Task<RolloutView> Create(RolloutPlan plan, ModelRef model, RolloutCoverage? coverage, string by, bool draft)
    {
        if (Record.Plan is null || Record.State == RolloutState.Draft)
        {
            var now = time.GetUtcNow();
            var stand = await store.StandAsync(Id);
            var rings = string.Join(", ", plan.Rings.Select((ring, i) => $"{ring.Name} {stand.Devices(i)}"));
            state.State = new RolloutRecord
            {
                Plan = plan, Model = model, Coverage = coverage, State = draft ? RolloutState.Draft : RolloutState.Scheduled, CreatedAt = now, CreatedBy = by, RingSince = now,
                Reason = $"{model.Name} {model.Version} for {stand.Tallies.Sum(tally => tally.Devices)} devices: {rings}",
            };
            (_guards, _followed, _revisedUntil) = (null, null, default);
            await Write();
            // Its rows were there before it: whoever judged it meanwhile took it for one that was never finished.
            await FollowAsync();
            await audit.RecordAsync(by, draft ? "rollout.drafted" : "rollout.created", Id, $"{plan.Name}: {Record.Reason}", CancellationToken.None);
        }
        return await View(withDevices: true);
    }

    public Task<bool> HoldDraft()
    {
        if (Record is not { Plan: not null, State: RolloutState.Draft }) return Task.FromResult(false);
        _revisedUntil = time.GetUtcNow() + RevisionTakes;
        return Task.FromResult(true);
    }

    public async Task<RolloutView?> Read(bool withDevices) => Record.Plan is null ? null : await View(withDevices);

    public async Task<ActionOutcome> Act(RolloutVerb verb, RolloutAction action)
    {
        if (Record.Plan is null) return new ActionOutcome(null, "There is no such rollout.");
        var stand = await store.StandAsync(Id);
        if (RolloutVerbs.Refusal(verb, Record, stand) is { } refusal) return new ActionOutcome(await View(withDevices: true), refusal);
        if (time.GetUtcNow() < _revisedUntil) return new ActionOutcome(await View(withDevices: true), "Its plan is being changed this moment; look at it and ask again.");
        var happened = RolloutVerbs.EventOf(verb, Record);
        if (verb == RolloutVerb.Rollback && !RolloutMachine.IsRunning(Record.State) && await store.ProjectAsync(Id, RolloutState.Stopping) is { } held)
            return new ActionOutcome(await View(withDevices: true), held);
        if (verb == RolloutVerb.Resume) Record.ShiftAccepted |= RolloutVerbs.PausedForShift(Record);
        await Move(happened, $"{verb.ToString().ToLowerInvariant()}: {action.Reason}", action.By, EvidenceOf(stand));
        if (verb == RolloutVerb.Retry) await RetryAsync();
        await Judge();
        return new ActionOutcome(await View(withDevices: true), null);
    }

    public async Task Judge()
    {
        if (Record.Plan is null)
        {
            // Its rows were written and the fleet ended: nobody has seen it, and it holds devices.
            await store.ProjectAsync(Id, RolloutState.Aborted);
            return;
        }
        await FollowAsync();
        for (var step = 0; step < StepsPerTurn && RolloutMachine.IsRunning(Record.State); step++)
        {
            var stand = await store.StandAsync(Id);
            var evidence = EvidenceOf(stand);
            await KeepCurve(evidence);
            var word = orders.Word(Id);
            var situation = new RolloutSituation(Record.Plan, Record.State, Record.Ring, stand, evidence, time.GetUtcNow(), Record.RingSince, Record.SoakSince)
            {
                ShiftAccepted = Record.ShiftAccepted, Answered = RolloutVerbs.Answered(Record),
                Revoked = revocations.WhyOf(Record.Model!.Digest), Missing = word.Missing, Offline = word.Offline, Returned = word.Returned,
            };
            if (RolloutDecision.Next(situation, out var waits) is not { } next)
            {
                // Kept in memory only: it is told to whoever looks, and follows from what is stored.
                if (waits is not null && Record.State != RolloutState.Paused) Record.Reason = word.Waits is { } pace ? $"{waits}; {pace}" : waits;
                break;
            }
            // Before the rollout lets go of its devices: afterwards another one may speak to them.
            if (next.Happened == RolloutEvent.LastRingPassed && !orders.ComparisonsEnded(Id)) break;
            var reason = next.Happened switch
            {
                RolloutEvent.AllReturned => $"{Record.Reason}; {RolloutReturns.Sentence(stand, await store.FirstKeptAsync(Id))}",
                RolloutEvent.ReturnsAssigned => Record.Reason,
                RolloutEvent.GateStopped => next.Reason + await store.FirstFailureAsync(Id),
                _ => next.Reason,
            };
            await Move(next.Happened, reason, "rollout", evidence);
        }
        if (RolloutMachine.IsRunning(Record.State)) orders.Go(Id, new OrderPlan(Record.Plan, Record.Model!, Record.State, Record.Ring, Record.RingSince, Record.SoakSince is not null));
        else
        {
            await orders.EndAsync(Id);
            await StopClock();
        }
    }

    public async Task Tick()
    {
        if (Record.Plan is not null && RolloutMachine.IsRunning(Record.State)) await StartClock();
        await TakeLate();
        await Judge();
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => Tick();

    /// <summary>Adds devices that match the target only now. Here and not where they are found: nobody joins a rollout that has just ended.</summary>
    private async Task TakeLate()
    {
        if (!LateDeviceRule.MayJoin(Record, time.GetUtcNow())) return;
        _lateLook ??= new LateDevicesLook(Id, late, latePace, time, logger);
        if (_lateLook.Take(Record.Plan!) is not { Count: > 0 } found || await late.JoinAsync(Id, Record.Plan!, found) is not { Count: > 0 } joined) return;
        Log.DevicesJoined(logger, Id, joined.Count);
        events.Publish("rollout", Id);
    }

    private RolloutEvidence EvidenceOf(RolloutStand stand) => RolloutEvidenceOf.Sums(Record.Plan!, stand.Sums, Record.Curve, _guards ??= new GuardRule(Record.Plan!));

    /// <summary>Adds a point when something changed; written with the next step, or now and then.</summary>
    private async Task KeepCurve(RolloutEvidence evidence)
    {
        var now = time.GetUtcNow();
        if (!RolloutEvidenceOf.AddPoint(Record.Curve, evidence, now) || now - _curveKept < CurveKeptEvery) return;
        _curveKept = now;
        await Write();
    }

    /// <summary>Writes the step, then tells the others.</summary>
    private async Task Move(RolloutEvent happened, string reason, string by, RolloutEvidence evidence)
    {
        var (from, now) = (Record.State, time.GetUtcNow());
        var to = RolloutMachine.Next(from, happened);
        // Before the write: no order begins after it.
        if (!RolloutMachine.MayAssign(to)) orders.Hold(Id);
        Record.History.Add(new RolloutTransition(now, from, to, happened.ToString(), reason, by) { Ring = Record.Ring, Evidence = evidence with { Curve = [] } });
        RolloutVerbs.Enter(Record, from, to, happened, now);
        (Record.State, Record.Reason) = (to, reason);
        await Write();
        // Written: from here on the step holds, whatever becomes of what follows.
        Log.RolloutMoved(logger, Id, from, to, reason);
        await FollowAsync();
        await audit.RecordAsync(by, $"rollout.{to.ToString().ToLowerInvariant()}", Id, $"{Record.Plan!.Name}: {reason}", CancellationToken.None);
        if (RolloutMachine.IsRunning(to)) await StartClock();
    }

    /// <summary>Has rows and devices follow what is written. All of it can be done again: what fails here is done by the next turn, or the next start.</summary>
    private async Task FollowAsync()
    {
        if (_followed == Record.State) return;
        if (!RolloutMachine.IsRunning(Record.State))
        {
            await orders.EndAsync(Id);
            // Devices stay as they are; only nobody counts their comparisons any more. Before they are let go: afterwards another rollout may speak to them.
            if (Record.State == RolloutState.Aborted) await orders.EndComparisonsAsync(Id);
        }
        await store.ProjectAsync(Id, Record.State);
        _followed = Record.State;
    }

    /// <summary>Those who had failed when a person last asked for another try of this ring.</summary>
    private async Task RetryAsync()
    {
        var takesBack = Record.State is RolloutState.Stopping or RolloutState.RollingBack;
        if (RolloutMachine.IsRunning(Record.State) && !takesBack && RolloutVerbs.Retried(Record) is { } asked) await orders.RetryAsync(Id, Record.Ring, asked);
    }

    /// <summary>Memory may not run ahead of what is stored: after a failed write the next call reads it again.</summary>
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
        events.Publish("rollout", Id);
    }

    private async Task<RolloutView> View(bool withDevices)
    {
        var stand = await store.StandAsync(Id);
        return new RolloutView
        {
            Id = Id, Plan = Record.Plan!, Model = Record.Model!, State = Record.State, Reason = Record.Reason, Ring = Record.Ring,
            Devices = withDevices ? await store.DevicesAsync(Id) : [], Rings = RolloutRings.Of(Record.Plan!, stand),
            Evidence = EvidenceOf(stand), History = [.. Record.History], CreatedAt = Record.CreatedAt, CreatedBy = Record.CreatedBy, Coverage = Record.Coverage,
        };
    }

    private async Task StartClock()
    {
        if (_timer is not null) return;
        _timer = this.RegisterGrainTimer(_ => Tick(), new GrainTimerCreationOptions(TickEvery, TickEvery) { KeepAlive = true });
        await this.RegisterOrUpdateReminder(Wake, WakeEvery, WakeEvery);
    }

    private async Task StopClock()
    {
        if (_timer is null) return;
        _timer.Dispose();
        _timer = null;
        if (await this.GetReminder(Wake) is { } reminder) await this.UnregisterReminder(reminder);
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Information, "Rollout {Rollout}: {From} -> {To}: {Reason}")]
        public static partial void RolloutMoved(ILogger logger, string rollout, RolloutState from, RolloutState to, string reason);

        [LoggerMessage(3106, LogLevel.Information, "Rollout {Rollout}: {Devices} devices joined its last ring")]
        public static partial void DevicesJoined(ILogger logger, string rollout, int devices);
    }
}
