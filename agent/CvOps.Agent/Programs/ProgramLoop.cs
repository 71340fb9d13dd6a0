using CvOps.Agent.Update;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Programs;

/// <summary>
/// Brings the agent to the program that is wanted, by the table of <see cref="ProgramMachine"/>; runs in whichever program is running. Each state is in the journal before its
/// step is taken. The launcher has written before it; nobody else does.
/// </summary>
internal sealed partial class ProgramLoop(
    ProgramJournal journal, ProgramFolder folder, ProgramWish wish, ProgramSteps steps, ProgramTrial trial, ProgramLaunch launch, ProgramRestart restart,
    IHostApplicationLifetime lifetime, Func<bool> aLoopDied, TimeProvider time, ILogger<ProgramLoop> log) : BackgroundService
{
    /// <summary>Deaths in one change after which it is given up.</summary>
    public const int ResumeLimit = 5;

    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>A start is proven when the agent has lived this long.</summary>
    private static readonly TimeSpan Proof = TimeSpan.FromSeconds(30);

    private volatile ProgramStatus _status = new();

    /// <summary>Raised after every change of <see cref="Report"/>, on the thread that made it.</summary>
    public event Action? Changed;

    private bool OnTrial => launch.Slot is { } slot && journal.Current is { State: ProgramState.Trial, Trial: { } tried } && tried == slot;

    /// <summary>The program part of the reported twin, as it is now.</summary>
    public ReportedProgram Report
    {
        get
        {
            var (now, status) = (journal.Current, _status);
            return new ReportedProgram
            {
                State = now.State, Version = now.In(launch.Slot)?.Version ?? launch.InstalledVersion, Slot = launch.Slot?.ToString().ToLowerInvariant(), Installed = launch.InstalledVersion, Runtime = ProgramRule.ThisRuntime,
                Target = now.Target?.Digest, TargetVersion = now.Target?.Version, Attempt = now.Target?.Attempt ?? 0, Reason = now.Reason, Since = now.Since,
                Progress = status.Bytes is { } bytes && now.Target is { Bytes: > 0 } target ? new ReportedProgress(Math.Clamp(bytes / (double)target.Bytes, 0, 1), bytes, target.Bytes) : null,
                Wait = status.WaitsFor is { } what ? new ReportedWait(what, status.Since ?? time.GetUtcNow(), status.Until) : null,
            };
        }
    }

    /// <summary>Takes note of what the fleet wants. Safe from any thread, returns at once.</summary>
    public void Want(TwinDesired desired) => wish.Leave(new ProgramWanted(desired.Program, ByHand: false));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // Told to stop is not died, and nobody's fault. A loop that died, or a start that failed, is.
        if (launch.Slot is null || !lifetime.ApplicationStarted.IsCancellationRequested || aLoopDied()) return;
        var now = journal.Current;
        var next = OnTrial && now.Starts > 0 ? now with { Starts = now.Starts - 1 } : now.UnprovenStarts > 0 ? now with { UnprovenStarts = now.UnprovenStarts - 1 } : now;
        if (next != now && journal.TrySave(next) is { } problem) Log.JournalRefused(log, problem);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        steps.Told += Tell;
        using var imports = time.CreateTimer(_ => LookForImports(), null, Look, Look);
        var began = time.GetTimestamp();
        if (journal.Problem is { } problem) Log.JournalUnusable(log, problem);
        try
        {
            await InSpiteOfTheDiskAsync(BeginAsync, stoppingToken);
            while (true) await InSpiteOfTheDiskAsync(TurnAsync, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; the journal knows where to go on.
        }
        finally
        {
            steps.Told -= Tell;
        }

        async Task TurnAsync()
        {
            if (restart.Requested) await Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken);
            else if (wish.Take() is { } wanted) Consider(wanted);
            else if (ProgramMachine.IsBusy(journal.Current.State)) await StepAsync(stoppingToken);
            else if (launch.Slot is not null && journal.Current.UnprovenStarts > 0 && time.GetElapsedTime(began) >= Proof) journal.Save(journal.Current with { UnprovenStarts = 0 });
            else await wish.WaitAsync(Look, stoppingToken);
        }

        async Task BeginAsync()
        {
            var now = journal.Current;
            if (OnTrial) await JudgeAsync(stoppingToken);
            else if (now.State == ProgramState.Trial) Enter(StartDecision.TakenBack(now, $"{now.Target?.Version} could not be put on trial: the state of programs could not be written.", time.GetUtcNow()));
            else if (!ProgramMachine.IsBusy(now.State)) return;
            else if (now.Resumes >= ResumeLimit) Fail(now, $"The agent ended {now.Resumes} times while the change was {now.State}.");
            else journal.Save(now with { Resumes = now.Resumes + 1 });
        }
    }

    /// <summary>This process is on trial: until it has proven itself, or not.</summary>
    private async Task JudgeAsync(CancellationToken stopping)
    {
        await StartedAsync(stopping);
        if (!journal.Current.WasReady) journal.Save(journal.Current with { WasReady = true });
        var began = time.GetUtcNow();
        var failed = await trial.RunAsync(journal.Current.Before ?? new ProgramBefore([], false, false), missing => Tell(new ProgramStatus(null, missing, began)), stopping);
        _status = new ProgramStatus();
        var now = journal.Current;
        if (failed is null)
        {
            Enter(now with { State = ProgramMachine.Next(now.State, ProgramEvent.Done), Since = time.GetUtcNow(), Charge = now.Trial, Previous = now.Charge, Trial = null, Starts = 0, UnprovenStarts = 0, Resumes = 0, Reason = null });
            return;
        }
        Enter(StartDecision.TakenBack(now, failed, time.GetUtcNow()));
        restart.Request(lifetime);
    }

    private void Consider(ProgramWanted wanted)
    {
        var now = journal.Current;
        try
        {
            var next = ProgramWishDecision.Next(now, wanted, launch.Installed, time.GetUtcNow());
            if (next.State != now.State) Enter(next);
            else if (next != now) journal.Save(next);
        }
        catch
        {
            wish.PutBack(wanted);
            throw;
        }
        if (wanted.ByHand) folder.Taken();
        // What another wish had begun is nobody's any more.
        if (!ProgramMachine.IsBusy(journal.Current.State) || journal.Current.Target?.Digest != now.Target?.Digest) folder.KeepOnly(journal.Current.Target?.Digest);
    }

    /// <summary>Takes the step of the present state and enters the next.</summary>
    private async Task StepAsync(CancellationToken stopping)
    {
        var now = journal.Current;
        ProgramRecord done;
        try
        {
            done = await wish.WhileWantedAsync(step => steps.TakeAsync(now, step), stopping);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return;     // something else is wanted; the next turn looks at it
        }
        catch (Exception e) when (e is UpdateRefusedException or IOException or UnauthorizedAccessException)
        {
            Fail(now, e.Message);
            return;
        }
        finally
        {
            _status = new ProgramStatus();
        }
        Enter(done with { State = ProgramMachine.Next(now.State, ProgramEvent.Done), Since = time.GetUtcNow(), Resumes = 0 });
        if (now.State == ProgramState.Unpacking) folder.KeepOnly(null);
        if (journal.Current.State == ProgramState.Trial) restart.Request(lifetime);
    }

    private void Fail(ProgramRecord now, string reason)
    {
        Log.ChangeFailed(log, now.Target?.Version ?? "", reason);
        Enter(now with { State = ProgramMachine.Next(now.State, ProgramEvent.Broke), Since = time.GetUtcNow(), Reason = reason, Resumes = 0 });
        folder.KeepOnly(null);
    }

    private void Enter(ProgramRecord next)
    {
        journal.Save(next);
        Log.ProgramEntered(log, next.State, next.Target?.Version ?? "", next.Reason ?? "");
        Changed?.Invoke();
    }

    private void Tell(ProgramStatus status)
    {
        _status = status;
        Changed?.Invoke();
    }

    private void LookForImports()
    {
        if (folder.Wanted() is { } brought) wish.Leave(new ProgramWanted(brought, ByHand: true));
    }

    private async Task StartedAsync(CancellationToken stopping)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stopping);
    }

    /// <summary>A disk that refuses the journal holds a change up, not inspection.</summary>
    private async Task InSpiteOfTheDiskAsync(Func<Task> turn, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await turn();
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.JournalRefused(log, e.Message);
                await Task.Delay(DiskPause, time, stopping);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4120, Level = LogLevel.Information, Message = "Change of the program is {State}: {Version} {Reason}")]
        public static partial void ProgramEntered(ILogger log, ProgramState state, string version, string reason);

        [LoggerMessage(EventId = 4121, Level = LogLevel.Error, Message = "The change to program {Version} failed: {Reason}")]
        public static partial void ChangeFailed(ILogger log, string version, string reason);

        [LoggerMessage(EventId = 4122, Level = LogLevel.Error, Message = "The state of programs cannot be written, so no change can go on; trying again: {Reason}")]
        public static partial void JournalRefused(ILogger log, string reason);

        [LoggerMessage(EventId = 4123, Level = LogLevel.Error, Message = "{Reason}")]
        public static partial void JournalUnusable(ILogger log, string reason);
    }
}
