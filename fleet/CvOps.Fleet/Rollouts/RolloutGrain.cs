using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Keeps a rollout's record and its clock. Every turn calls the pure parts, writes the record, and only then acts; what it then does can be done
/// again, so that a crash anywhere is a repetition. A timer ticks while the rollout runs, a reminder wakes it after a restart.
/// </summary>
internal sealed partial class RolloutGrain(
    [PersistentState("rollout")] IPersistentState<RolloutRecord> state,
    DeviceOrders orders, Audit audit, FleetEvents events, TimeProvider time, ILogger<RolloutGrain> logger) : Grain, IRolloutGrain, IRemindable
{
    private const string Wake = "wake";
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WakeEvery = TimeSpan.FromMinutes(1);

    /// <summary>Devices told or asked in one tick.</summary>
    private const int DevicesPerTick = 64;

    /// <summary>Ticks between two looks at what the devices of the ring report, in case a signal was lost.</summary>
    private const int TicksPerLook = 10;

    private IGrainTimer? _timer;
    private int _ticks;

    private RolloutRecord Record => state.State;

    private string Id => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (Record.Plan is not null && RolloutMachine.IsRunning(Record.State)) await StartClock();
    }

    public async Task<RolloutView> Create(RolloutPlan plan, ModelRef model, IReadOnlyList<RolloutDevice> devices, string by)
    {
        if (Record.Plan is null)
        {
            var now = time.GetUtcNow();
            var rings = string.Join(", ", plan.Rings.Select((ring, i) => $"{ring.Name} {devices.Count(d => d.Ring == i)}"));
            state.State = new RolloutRecord
            {
                Plan = plan, Model = model, State = RolloutState.Scheduled, Devices = [.. devices], CreatedAt = now, RingSince = now,
                Reason = $"{model.Name} {model.Version} for {devices.Count} devices: {rings}",
            };
            await Write();
            await audit.RecordAsync(by, "rollout.created", Id, $"{plan.Name}: {Record.Reason}", CancellationToken.None);
        }
        return Record.ToView(Id);
    }

    public Task<RolloutView?> Read() => Task.FromResult(Record.Plan is null ? null : Record.ToView(Id));

    public async Task<ActionOutcome> Act(RolloutVerb verb, RolloutAction action)
    {
        if (Record.Plan is null) return new ActionOutcome(null, "There is no such rollout.");
        var happened = verb switch
        {
            RolloutVerb.Pause => RolloutEvent.PauseAsked,
            RolloutVerb.Abort => RolloutEvent.AbortAsked,
            RolloutVerb.Rollback => RolloutEvent.RollbackAsked,
            RolloutVerb.Resume when Record.SoakSince is not null => RolloutEvent.ResumedInSoak,
            RolloutVerb.Resume => Record.Ring == 0 ? RolloutEvent.ResumedInCanary : RolloutEvent.ResumedInAdvance,
            _ => throw new ArgumentOutOfRangeException(nameof(verb), verb, "Unknown action."),
        };
        if (RolloutMachine.TryNext(Record.State, happened) is null)
            return new ActionOutcome(Record.ToView(Id), $"A rollout that is {Record.State} can't take {verb.ToString().ToLowerInvariant()}.");
        if (verb == RolloutVerb.Rollback && RolloutReturns.HeldByAnother(Record, Id, await GrainFactory.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).List()) is { } held) return new ActionOutcome(Record.ToView(Id), held);
        // Devices stay as they are; only nobody counts their comparisons any more.
        if (verb == RolloutVerb.Abort) while (!await EndComparison()) { }
        if (verb == RolloutVerb.Resume) Record.RingSince = time.GetUtcNow();
        await Move(happened, $"{verb.ToString().ToLowerInvariant()}: {action.Reason}", action.By);
        await Advance();
        return new ActionOutcome(Record.ToView(Id), null);
    }

    public async Task Observe(RolloutTally tally)
    {
        if (Record.Plan is null || Record.Find(tally.Device) is not { } device || Record.Counts.Apply(tally) is not { } parts) return;
        Record.Set(device with { Parts = device.Parts + parts });
        await Counted();
    }

    public async Task FrameJudged(FrameView frame)
    {
        if (Record.Plan is null || frame.Device is not { } id || Record.Find(id) is not { } device) return;
        if (JudgedFrameRule.Judge(frame, Record.Model!.Digest, device.Previous?.Digest) is not { } result || !Record.Counts.Judge(frame.Id, result)) return;
        await Counted();
    }

    public async Task DeviceReported(DeviceId device, TwinReported reported)
    {
        if (Record.Plan is null || !Record.Apply(device, reported)) return;
        await Write();
        await Advance();
    }

    public async Task Tick()
    {
        if (Record.Plan is null) return;
        if (RolloutMachine.IsRunning(Record.State)) await StartClock();
        await Advance();
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => Tick();

    /// <summary>The new counts are written with the point they make on the curve; then the brake is asked at once.</summary>
    private async Task Counted()
    {
        Record.Counts.AddPoint(Record.Plan!, time.GetUtcNow());
        await Write();
        await Advance();
    }

    /// <summary>One idempotent, bounded step from wherever the rollout is.</summary>
    private async Task Advance()
    {
        switch (Record.State)
        {
            case RolloutState.Scheduled:
                Record.RingSince = time.GetUtcNow();
                await Move(RolloutEvent.Start, $"ring '{Record.Plan!.Rings[0].Name}' may have {Record.Model!.Name} {Record.Model.Version}", "rollout");
                await OrderRing();
                break;
            case RolloutState.Canary or RolloutState.Advancing:
                await OrderRing();
                await Look(RolloutDeviceState.Assigned, RolloutDeviceState.Updating);
                await JudgeRing();
                break;
            case RolloutState.Soaking or RolloutState.Paused:
                await JudgeRing();
                break;
            case RolloutState.Stopping:
                if (await OrderReturns()) await Move(RolloutEvent.ReturnsAssigned, Record.Reason, "rollout");
                break;
            case RolloutState.RollingBack:
                await Look(RolloutDeviceState.RollingBack);
                if (Record.Touched.All(d => d.State == RolloutDeviceState.RolledBack))
                    await Move(RolloutEvent.AllReturned, $"{Record.Reason}; {RolloutReturns.Sentence(Record)}", "rollout");
                break;
            default:
                // Told again: a crash may have come between the last write and the word to the index.
                await GrainFactory.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).Ended(Id);
                await StopClock();
                break;
        }
    }

    private async Task JudgeRing()
    {
        var now = time.GetUtcNow();
        if (Record.State is RolloutState.Canary or RolloutState.Advancing && Record.RingFacts(now) is { Running: > 0 } ring && ring.Running + ring.Failed == ring.Devices
            && ring.Failed <= Record.Plan!.Guardrails.FailedUpdates)
        {
            Record.SoakSince = now;
            await Move(RolloutEvent.RingTaken, $"ring '{ring.Name}' runs {Record.Model!.Version}: {ring.Running} of {ring.Devices} devices", "rollout");
        }
        var verdict = RolloutGate.Judge(Record.Plan!, Record.Counts.ToEvidence(Record.Plan!), Record.RingFacts(now));
        switch (verdict.Kind)
        {
            case RingVerdictKind.Stop:
                await Move(RolloutEvent.GateStopped, verdict.Reason, "rollout");
                await Advance();
                break;
            case RingVerdictKind.Inconclusive when Record.State != RolloutState.Paused:
                await Move(RolloutEvent.Inconclusive, verdict.Reason, "rollout");
                break;
            case RingVerdictKind.Advance when Record.State == RolloutState.Soaking && Record.Ring + 1 < Record.Plan!.Rings.Count:
                (Record.Ring, Record.RingSince, Record.SoakSince) = (Record.Ring + 1, now, null);
                await Move(RolloutEvent.RingPassed, verdict.Reason, "rollout");
                await OrderRing();
                break;
            case RingVerdictKind.Advance when Record.State == RolloutState.Soaking:
                // Before the rollout lets go of its devices: afterwards another one may speak to them.
                if (await EndComparison()) await Move(RolloutEvent.LastRingPassed, verdict.Reason, "rollout");
                break;
            case RingVerdictKind.Wait when Record.State != RolloutState.Paused:
                // Kept in memory only: it is told to whoever looks, and follows from what is stored.
                Record.Reason = verdict.Reason;
                break;
        }
    }

    /// <summary>Gives the model to the next devices of the ring that wait for it.</summary>
    private async Task OrderRing()
    {
        var waiting = Record.InRing.Where(d => d.State == RolloutDeviceState.Waiting).Take(DevicesPerTick).ToArray();
        foreach (var device in waiting)
        {
            // Written as touched before the device is told: if we fall in between, a stop still takes it back.
            Record.Set(device with { State = RolloutDeviceState.Assigned });
        }
        if (waiting.Length > 0) await Write();
        foreach (var device in Record.InRing.Where(d => d.State == RolloutDeviceState.Assigned && !Record.Ordered.ContainsKey(d.Device.Value)).Take(DevicesPerTick).ToArray())
        {
            Record.Ordered[device.Device.Value] = await orders.Give(device.Device, Record.Model!, Id, compare: !Record.Plan!.FirstInstallation);
            await Write();
        }
    }

    /// <summary>The question is answered: a shadow that goes on costs inferences for nothing.</summary>
    /// <returns>True when every device that runs the model has been told.</returns>
    private async Task<bool> EndComparison()
    {
        if (Record.Plan!.FirstInstallation) return true;
        foreach (var device in Record.Devices.Where(d => d.State == RolloutDeviceState.Running && !Record.ComparisonEnded.Contains(d.Device.Value)).Take(DevicesPerTick).ToArray())
        {
            if (await orders.EndComparison(device.Device, Id) is { } version) Record.Ordered[device.Device.Value] = version;
            Record.ComparisonEnded.Add(device.Device.Value);
            await Write();
        }
        return Record.Devices.All(d => d.State != RolloutDeviceState.Running || Record.ComparisonEnded.Contains(d.Device.Value));
    }

    /// <returns>True when every touched device has been told to take its previous model back.</returns>
    private async Task<bool> OrderReturns()
    {
        foreach (var device in Record.Touched.Where(d => d.State is not (RolloutDeviceState.RollingBack or RolloutDeviceState.RolledBack)).Take(DevicesPerTick).ToArray())
        {
            var order = await orders.TakeBack(device, Id);
            if (order.Version is { } version) Record.Ordered[device.Device.Value] = version;
            Record.Set(device with { State = order.Settled is null ? RolloutDeviceState.RollingBack : RolloutDeviceState.RolledBack, Reason = order.Settled });
            await Write();
        }
        return Record.Touched.All(d => d.State is RolloutDeviceState.RollingBack or RolloutDeviceState.RolledBack);
    }

    /// <summary>Now and then asks what devices in these states report, in case a signal was lost while the fleet was down.</summary>
    private async Task Look(params RolloutDeviceState[] states)
    {
        if (_ticks++ % TicksPerLook != 0) return;
        var changed = false;
        foreach (var device in Record.Devices.Where(d => states.Contains(d.State)).Take(DevicesPerTick).ToArray())
            if (await orders.Reported(device.Device) is { } reported) changed |= Record.Apply(device.Device, reported);
        if (changed) await Write();
    }

    /// <summary>Writes the transition, then tells the others.</summary>
    private async Task Move(RolloutEvent happened, string reason, string by)
    {
        var from = Record.State;
        var to = RolloutMachine.Next(from, happened);
        (Record.State, Record.Reason) = (to, reason);
        Record.History.Add(new RolloutTransition(time.GetUtcNow(), from, to, happened.ToString(), reason, by));
        await Write();
        Log.RolloutMoved(logger, Id, from, to, reason);
        await audit.RecordAsync(by, $"rollout.{to.ToString().ToLowerInvariant()}", Id, $"{Record.Plan!.Name}: {reason}", CancellationToken.None);
        if (RolloutMachine.IsRunning(to)) await StartClock();
        if (RolloutMachine.IsRunning(from) == RolloutMachine.IsRunning(to)) return;
        var index = GrainFactory.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key);
        await (RolloutMachine.IsRunning(to) ? index.Reopened(Id) : index.Ended(Id));
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

    private async Task StartClock()
    {
        if (_timer is not null) return;
        _timer = this.RegisterGrainTimer(_ => Tick(), new GrainTimerCreationOptions(TickEvery, TickEvery) { KeepAlive = true });
        await this.RegisterOrUpdateReminder(Wake, WakeEvery, WakeEvery);
    }

    private async Task StopClock()
    {
        _timer?.Dispose();
        _timer = null;
        if (await this.GetReminder(Wake) is { } reminder) await this.UnregisterReminder(reminder);
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Information, "Rollout {Rollout}: {From} -> {To}: {Reason}")]
        public static partial void RolloutMoved(ILogger logger, string rollout, RolloutState from, RolloutState to, string reason);
    }
}
