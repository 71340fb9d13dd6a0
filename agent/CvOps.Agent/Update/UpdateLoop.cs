using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update;

/// <summary>
/// Brings the device to the model the desired twin names, by the table of <see cref="UpdateMachine"/>. Each state is in the journal before
/// its step is taken. The only writer of journal and slots; the link's thread only leaves a document behind (<see cref="Want"/>).
/// </summary>
internal sealed partial class UpdateLoop(
    UpdateJournal journal, UpdateOptions options, ModelFolder folder, ModelLoader loader, ModelStart start, PackageDownload download,
    ModelSlots slots, SoakMeter soak, TimeProvider time, ILogger<UpdateLoop> log) : BackgroundService
{
    private static readonly TimeSpan SoakLook = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(2);

    /// <summary>A start is proven when the agent has lived this long with its model.</summary>
    private static readonly TimeSpan Proof = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private TwinDesired? _desired;
    private CancellationTokenSource? _step;
    private ModelPackage? _package;
    private LoadedModel? _prepared;

    /// <summary>Raised on the loop's thread after every change of <see cref="Report"/>.</summary>
    public event Action? Changed;

    public long DesiredVersion => journal.Current.DesiredVersion;

    public string Provider => slots.Active?.Session.Provider ?? "";

    /// <summary>The model part of the reported twin, as it is now.</summary>
    public ReportedModel Report => new()
    {
        State = journal.Current.State,
        Active = slots.Active?.Ref,
        Previous = slots.Shadow?.Ref ?? journal.Current.Previous,
        Target = journal.Current.Target?.Model.Digest,
        Reason = journal.Current.Reason,
    };

    /// <summary>Takes note of what the cloud wants. Safe from any thread, returns at once; older documents are ignored.</summary>
    public void Want(TwinDesired desired)
    {
        lock (_gate)
        {
            if (desired.Version <= (_desired?.Version ?? journal.Current.DesiredVersion)) return;
            _desired = desired;
            if (journal.Current.State == UpdateState.Downloading && desired.Model?.Model.Digest != journal.Current.Target?.Model.Digest) _step?.Cancel();
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }

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
        _prepared?.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var proof = time.CreateTimer(_ => Wake(), null, Proof, Timeout.InfiniteTimeSpan);
        var began = time.GetTimestamp();
        try
        {
            while (true)
            {
                try
                {
                    if (UpdateMachine.IsBusy(journal.Current.State)) await StepAsync(stoppingToken);
                    else if (journal.Current.UnprovenStarts > 0 && time.GetElapsedTime(began) >= Proof) journal.Save(journal.Current with { UnprovenStarts = 0 });
                    else if (Next() is { } desired) ConsiderOrKeep(desired);
                    else await _wake.WaitAsync(stoppingToken);
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

    private void ConsiderOrKeep(TwinDesired desired)
    {
        try
        {
            Consider(desired);
        }
        catch
        {
            lock (_gate) _desired ??= desired;
            throw;
        }
    }

    /// <summary>At rest: what does this document ask for?</summary>
    private void Consider(TwinDesired desired)
    {
        var now = journal.Current with { DesiredVersion = desired.Version };
        if (desired.Model is not { } wanted)
        {
            Enter(now);
        }
        else if (wanted.Model.Digest == now.Active?.Digest)
        {
            Enter(now.Target?.Model.Digest == wanted.Model.Digest ? now with { Target = wanted } : now);
            if (!wanted.CompareWithPrevious) slots.AskShadow = false;
        }
        else if (wanted.Model.Digest == now.Previous?.Digest && now.Active is not null && now.State != UpdateState.RolledBack)
        {
            Enter(now with
            {
                State = UpdateMachine.Next(now.State, UpdateEvent.ReturnWanted),
                Target = wanted with { Model = now.Active, CompareWithPrevious = false },
                Active = now.Previous,
                Previous = null,
                Reason = "The fleet asked for the previous model back.",
            });
        }
        else
        {
            Enter(now with { State = UpdateMachine.Next(now.State, UpdateEvent.Wanted), Target = wanted, Reason = null, Saves = 0 });
        }
    }

    /// <summary>Takes the step of the present state and enters the next.</summary>
    private async Task StepAsync(CancellationToken stopping)
    {
        var (state, target) = (journal.Current.State, journal.Current.Target);
        try
        {
            if (state is UpdateState.Downloading or UpdateState.Verifying or UpdateState.Preparing or UpdateState.SelfTesting && SomethingElseIsWanted())
            {
                Abandon(UpdateEvent.Superseded, null);
                return;
            }
            switch (state)
            {
                case UpdateState.Downloading:
                    await DownloadAsync(target!, stopping);
                    break;
                case UpdateState.Verifying:
                    _package = await Task.Run(() => loader.Verify(folder.PathOf(target!.Model.Digest), target.Model.Digest), stopping);
                    break;
                case UpdateState.Preparing:
                    _prepared?.Dispose();
                    _prepared = null;
                    _prepared = await LowPriority.RunAsync("prepare model", () => loader.Open(_package!));
                    break;
                case UpdateState.SelfTesting:
                    var opened = _prepared;
                    _prepared = null;
                    _prepared = await LowPriority.RunAsync("self-test model", () => loader.SelfTest(_package!, opened ?? loader.Open(_package!)));
                    break;
                case UpdateState.Swapping:
                    if (_prepared is not null) Swap(target!, _prepared);
                    break;
                case UpdateState.Soaking:
                    if (!await SoakAsync(stopping)) return;
                    break;
                case UpdateState.RollingBack:
                    await ReturnAsync();
                    break;
            }
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            Abandon(UpdateEvent.Superseded, null);
            return;
        }
        catch (Exception e) when (e is UpdateRefusedException or IOException or UnauthorizedAccessException)
        {
            Abandon(UpdateEvent.Broke, e.Message);
            return;
        }
        var next = journal.Current with { State = UpdateMachine.Next(state, UpdateEvent.Done) };
        if (next.State == UpdateState.Committed)
        {
            next = next with { Active = target!.Model, Previous = next.Active, UnprovenStarts = 0 };
        }
        Enter(next);
        if (!UpdateMachine.IsBusy(next.State)) folder.KeepOnly([next.Active?.Digest, next.Previous?.Digest]);
    }

    private async Task DownloadAsync(DesiredModel target, CancellationToken stopping)
    {
        using var step = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate) _step = step;
        try
        {
            await download.FetchAsync(target, step.Token);
        }
        finally
        {
            lock (_gate) _step = null;
        }
    }

    private void Swap(DesiredModel target, LoadedModel prepared)
    {
        soak.Begin(target.Model.Digest);
        slots.Activate(prepared);
        slots.AskShadow = target.CompareWithPrevious && slots.Shadow is not null;
        (_prepared, _package) = (null, null);
    }

    /// <returns>True when it has passed; false when something else was entered.</returns>
    private async Task<bool> SoakAsync(CancellationToken stopping)
    {
        while (true)
        {
            if (SomethingElseIsWanted())
            {
                Abandon(UpdateEvent.ReturnWanted, "The fleet asked for another model while this one was soaking.");
                return false;
            }
            var result = SoakGate.Decide(soak.Evidence(), options, slots.Active?.Manifest.LatencyLimitMs);
            if (result.Verdict == SoakVerdict.Passed) return true;
            if (result.Verdict == SoakVerdict.Failed)
            {
                Abandon(UpdateEvent.Broke, result.Reason);
                return false;
            }
            await Task.Delay(SoakLook, time, stopping);
        }
    }

    /// <summary>Puts the committed model back: at once when it is warm, from disk otherwise.</summary>
    private async Task ReturnAsync()
    {
        var home = journal.Current.Active;
        if (home is null) slots.Clear();
        else if (slots.Shadow?.Ref.Digest == home.Digest) slots.SwapBack();
        else if (slots.Active?.Ref.Digest != home.Digest) slots.Activate(await LowPriority.RunAsync("load model", () => loader.LoadCommitted(home)));
        slots.AskShadow = false;
        slots.SetShadow(null);
    }

    private void Abandon(UpdateEvent what, string? reason)
    {
        var now = journal.Current;
        var next = now with { State = UpdateMachine.Next(now.State, what), Reason = reason };
        if (next.State == UpdateState.Failed && now.Target is { } target)
        {
            File.Delete(folder.PathOf(target.Model.Digest));
            Log.UpdateFailed(log, target.Model.Name, target.Model.Version, reason ?? "");
        }
        Enter(next);
        _prepared?.Dispose();
        (_prepared, _package) = (null, null);
    }

    private bool SomethingElseIsWanted()
    {
        lock (_gate) return _desired is { Model: { } model } && model.Model.Digest != journal.Current.Target?.Model.Digest;
    }

    private TwinDesired? Next()
    {
        lock (_gate)
        {
            var next = _desired;
            _desired = null;
            return next;
        }
    }

    private void Enter(UpdateRecord next)
    {
        var before = journal.Current.State;
        lock (_gate) journal.Save(next);
        if (next.State != before) Log.UpdateEntered(log, next.State, next.Target?.Model.Name ?? "", next.Target?.Model.Version ?? "", next.Reason ?? "");
        Changed?.Invoke();
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
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
