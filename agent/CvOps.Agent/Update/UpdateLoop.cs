using CvOps.Agent.Inference;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update;

/// <summary>
/// Brings the device to the model the desired twin names, by the table of <see cref="UpdateMachine"/>. Each state is in the journal before
/// its step is taken. The only writer of journal and slots; the link's thread only leaves a document behind (<see cref="Want"/>).
/// </summary>
internal sealed partial class UpdateLoop(
    UpdateJournal journal, ModelFolder folder, ModelStart start, UpdateWish wish, UpdateSteps steps, UpdateStatus status, ModelSlots slots,
    TimeProvider time, ILogger<UpdateLoop> log) : BackgroundService
{
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(2);

    /// <summary>A start is proven when the agent has lived this long with its model.</summary>
    private static readonly TimeSpan Proof = TimeSpan.FromSeconds(30);

    /// <summary>Raised after every change of <see cref="Report"/>, on the thread that made it.</summary>
    public event Action? Changed
    {
        add
        {
            _entered += value;
            status.Changed += value;
        }
        remove
        {
            _entered -= value;
            status.Changed -= value;
        }
    }

    private Action? _entered;

    public long DesiredVersion => journal.Current.DesiredVersion;

    public string Provider => slots.Active?.Session.Provider ?? "";

    /// <summary>The model part of the reported twin, as it is now.</summary>
    public ReportedModel Report
    {
        get
        {
            var now = journal.Current;
            var warm = slots.Shadow?.Ref;
            return new ReportedModel
            {
                State = now.State,
                Active = slots.Active?.Ref,
                // While shadowing, the slot holds the one to come, not the one to go back to.
                Previous = warm is null || warm.Digest == now.Target?.Model.Digest ? now.Previous : warm,
                Target = now.Target?.Model.Digest,
                Reason = now.Reason,
                Since = now.Since,
                Progress = status.Progress,
                Wait = status.Wait,
                Stage = now.Target?.Stage ?? ModelStage.Active,
                Shadow = status.Shadow,
            };
        }
    }

    /// <summary>Takes note of what the cloud wants. Safe from any thread, returns at once; older documents are ignored.</summary>
    public void Want(TwinDesired desired) => wish.Leave(desired);

    /// <summary>
    /// Takes note of a package that a person brought to this device. Safe from any thread, returns at once. It is wanted under the version of the
    /// last desired document, so the fleet's next one wins.
    /// </summary>
    /// <returns>Completes when the journal has it, or something newer is wanted.</returns>
    public Task WantImported(DesiredModel model) => wish.LeaveImported(model);

    /// <summary>Puts the committed model in charge before any camera starts, and before systemd hears READY.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await start.RunAsync();
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // Told to stop is not died: this start counts for nothing.
        if (journal.Current.UnprovenStarts > 0 && !journal.TrySave(journal.Current with { UnprovenStarts = journal.Current.UnprovenStarts - 1 }, out var problem))
        {
            Log.JournalRefused(log, problem);
        }
        // Nor did the new model kill it.
        var now = journal.Current;
        if (UpdateMachine.RunsNewModel(now.State) && !journal.TrySave(now with { State = UpdateMachine.Next(now.State, UpdateEvent.Stopped) }, out problem))
        {
            Log.JournalRefused(log, problem);
        }
        steps.Forget();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var proof = time.CreateTimer(_ => wish.Wake(), null, Proof, Timeout.InfiniteTimeSpan);
        var began = time.GetTimestamp();
        try
        {
            while (true)
            {
                try
                {
                    if (UpdateMachine.IsBusy(journal.Current.State)) await StepAsync(stoppingToken);
                    else if (journal.Current.UnprovenStarts > 0 && time.GetElapsedTime(began) >= Proof) journal.Save(journal.Current with { UnprovenStarts = 0 });
                    else if (wish.Take() is { } desired) Consider(desired);
                    else await wish.WaitAsync(stoppingToken);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // The step is taken again: each may be. Inspection goes on with the model that is in charge.
                    Log.JournalRefused(log, e.Message);
                    await Task.Delay(DiskPause, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; the journal knows where to go on.
        }
    }

    private void Consider(TwinDesired desired)
    {
        var now = journal.Current;
        try
        {
            Enter(WishDecision.Next(now, desired));
            wish.Noted();
        }
        catch
        {
            wish.PutBack(desired);
            throw;
        }
        if (WishDecision.EndsComparison(now, desired)) slots.AskShadow = false;
    }

    /// <summary>Takes the step of the present state and enters the next.</summary>
    private async Task StepAsync(CancellationToken stopping)
    {
        var now = journal.Current;
        var result = await steps.TakeAsync(now, stopping);
        if (result.What == UpdateEvent.Reworded)
        {
            Reword(now);
            return;
        }
        var next = now with { State = UpdateMachine.Next(now.State, result.What), Reason = result.What is UpdateEvent.Done or UpdateEvent.Again or UpdateEvent.Proven ? now.Reason : result.Reason };
        if (now.State == UpdateState.RollingBack) next = next with { TryAgain = false };
        if (result.What == UpdateEvent.Proven) next = next with { Deaths = 0, Saves = 0, UnprovenStarts = 0 };
        if (next.State == UpdateState.Committed) next = next with { Active = now.Target!.Model, Previous = now.Active, UnprovenStarts = 0 };
        if (next.State == UpdateState.Failed && now.Target is { } failed)
        {
            if (failed.Model.Digest != next.Active?.Digest && failed.Model.Digest != next.Previous?.Digest) File.Delete(folder.PathOf(failed.Model.Digest));
            Log.UpdateFailed(log, failed.Model.Name, failed.Model.Version, result.Reason ?? "");
        }
        Enter(next);
        if (result.What is not (UpdateEvent.Done or UpdateEvent.Again or UpdateEvent.Proven)) steps.Forget();
        else if (!UpdateMachine.IsBusy(next.State)) folder.KeepOnly([next.Active?.Digest, next.Previous?.Digest]);
    }

    /// <summary>The document on the same model is noted in the midst of the update.</summary>
    private void Reword(UpdateRecord now)
    {
        if (wish.Take() is not { } desired) return;
        if (desired.Model is not { } model || model.Model.Digest != now.Target?.Model.Digest)
        {
            // It changed its mind once more; the next look at the wish finds that.
            wish.PutBack(desired);
            return;
        }
        try
        {
            Enter(now with { State = UpdateMachine.Next(now.State, UpdateEvent.Reworded), Target = model, DesiredVersion = desired.Version, Saves = 0 });
            wish.Noted();
        }
        catch
        {
            wish.PutBack(desired);
            throw;
        }
    }

    private void Enter(UpdateRecord next)
    {
        var before = journal.Current.State;
        journal.Save(next.State == before ? next : next with { Since = time.GetUtcNow() });
        if (next.State != before) Log.UpdateEntered(log, next.State, next.Target?.Model.Name ?? "", next.Target?.Model.Version ?? "", next.Reason ?? "");
        _entered?.Invoke();
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4002, Level = LogLevel.Error, Message = "The state of updates cannot be written, so no update can go on; trying again: {Reason}")]
        public static partial void JournalRefused(ILogger log, string reason);

        [LoggerMessage(EventId = 4000, Level = LogLevel.Information, Message = "Model update is {State}: {Name} {Version} {Reason}")]
        public static partial void UpdateEntered(ILogger log, UpdateState state, string name, string version, string reason);

        [LoggerMessage(EventId = 4001, Level = LogLevel.Error, Message = "Model update to {Name} {Version} failed: {Reason}")]
        public static partial void UpdateFailed(ILogger log, string name, string version, string reason);
    }
}
