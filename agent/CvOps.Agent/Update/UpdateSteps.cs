using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Agent.Update.Fetch;
using CvOps.Agent.Update.Maintenance;
using CvOps.Agent.Update.Preflight;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>How a step ended.</summary>
/// <param name="Reason">Why it was not <see cref="UpdateEvent.Done"/>, in a sentence; null when there is nothing to say.</param>
internal readonly record struct StepResult(UpdateEvent What, string? Reason = null)
{
    public static readonly StepResult Done = new(UpdateEvent.Done);
}

/// <summary>
/// The steps, one a state, in the order an update meets them. Each does its work and says how that ended; the journal is the loop's.
/// Between steps the package and the model made of it are kept here; a slot owns the model from the swap on.
/// </summary>
internal sealed class UpdateSteps(
    Setting<UpdateOptions> options, ModelFolder folder, ModelLoader loader, PackageDownload download, ModelSlots slots, SoakMeter soak, UpdateWish wish,
    UpdateStatus status, ShadowTrial trial, ShadowStay stay, DevicePreflight preflight, MaintenanceGate maintenance) : IDisposable
{
    private static readonly TimeSpan SoakLook = TimeSpan.FromMilliseconds(100);

    private ModelPackage? _package;
    private LoadedModel? _prepared;
    private LoadedModel? _tried;

    /// <summary>Takes the step of the record's state.</summary>
    /// <exception cref="OperationCanceledException">Stopping.</exception>
    // However the step ended: a wish may change its mind between two looks at it.
    public async Task<StepResult> TakeAsync(UpdateRecord now, CancellationToken stopping) => stay.Ended(await StepAsync(now, stopping));

    private async Task<StepResult> StepAsync(UpdateRecord now, CancellationToken stopping)
    {
        try
        {
            status.Clear();
            if (UpdateMachine.CanBeSuperseded(now.State))
            {
                if (wish.AnotherIsWanted()) return new(UpdateEvent.Superseded);
                if (wish.StageChanged()) return new(UpdateEvent.Reworded);
            }
            return now.State switch
            {
                UpdateState.Downloading => await DownloadAsync(now.Target!, stopping),
                UpdateState.Verifying => await VerifyAsync(now.Target!, stopping),
                UpdateState.Preparing => await PrepareAsync(now.Target!),
                UpdateState.SelfTesting => await SelfTestAsync(),
                UpdateState.Shadowing => await ShadowAsync(now.Target!, stopping),
                UpdateState.Swapping => Swap(now.Target!),
                UpdateState.Soaking => await SoakAsync(now, stopping),
                UpdateState.RollingBack => await RollBackAsync(now),
                _ => throw new InvalidOperationException($"The state {now.State} has no step."),
            };
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return new(UpdateEvent.Superseded);
        }
        catch (Exception e) when (e is UpdateRefusedException or IOException or UnauthorizedAccessException)
        {
            return new(UpdateEvent.Broke, e.Message);
        }
    }

    /// <summary>Lets go of what no step needs any more.</summary>
    public void Forget()
    {
        // What a slot holds is the slot's: it may have a frame in hand.
        if (_prepared is { } prepared && !trial.Withdraw(prepared)) prepared.Dispose();
        (_prepared, _package, _tried) = (null, null, null);
    }

    public void Dispose() => Forget();

    private async Task<StepResult> DownloadAsync(DesiredModel target, CancellationToken stopping)
    {
        if (target.Stage == ModelStage.Shadow && slots.Active is null) throw new UpdateRefusedException("No model is in charge of this device, so there is nothing to be in shadow of.");
        preflight.BeforeFetch(target);
        await wish.WhileWantedAsync(step => download.FetchAsync(target, step), stopping);
        return StepResult.Done;
    }

    /// <summary>
    /// What comes after it takes the processor and soon the line: it waits here for a maintenance window, where a restart costs nothing. A shadow
    /// changes nothing on the line, and gets only time that is left.
    /// </summary>
    private async Task<StepResult> VerifyAsync(DesiredModel target, CancellationToken stopping)
    {
        var path = folder.PathOf(target.Model.Digest);
        _package = await LowPriority.RunAsync("verify model", () => loader.Verify(path, target.Model.Digest));
        preflight.BeforePreparing(_package, new FileInfo(path).Length);
        if (slots.Active is null || target.Stage == ModelStage.Shadow || maintenance.IsOpen(target.Model.Digest)) return StepResult.Done;
        // It may be days.
        _package = null;
        return await maintenance.WindowAsync(target.Model.Digest, stopping) ? StepResult.Done : Interrupted();
    }

    /// <summary>The session, on one thread that yields to the line.</summary>
    private async Task<StepResult> PrepareAsync(DesiredModel target)
    {
        _package ??= await LowPriority.RunAsync("verify model", () => loader.Verify(folder.PathOf(target.Model.Digest), target.Model.Digest));
        _prepared?.Dispose();
        _prepared = null;
        _prepared = await loader.OpenAsync(_package);
        return StepResult.Done;
    }

    private async Task<StepResult> SelfTestAsync()
    {
        var opened = _prepared;
        _prepared = null;
        _prepared = await loader.SelfTestAsync(_package!, opened ?? await loader.OpenAsync(_package!));
        return StepResult.Done;
    }

    /// <summary>The trial, and then the moment for the swap; or, where the twin wants no more than a shadow, the time until it does.</summary>
    private async Task<StepResult> ShadowAsync(DesiredModel target, CancellationToken stopping)
    {
        if (_prepared is not { } challenger || slots.Active is null) return StepResult.Done;    // a first model has nobody to stand beside, and no line to disturb
        var stays = target.Stage == ModelStage.Shadow;
        if (stays) stay.Begin(target);
        if (!ReferenceEquals(_tried, challenger))
        {
            var result = await trial.RunAsync(challenger, stays, stopping);
            if (result.What != UpdateEvent.Done) return result;
            _tried = challenger;
        }
        if (stays) return await stay.RunAsync(challenger, stopping);
        slots.AskShadow = false;
        return await maintenance.WindowAndIdleAsync(challenger.Ref.Digest, stopping) ? StepResult.Done : Interrupted();
    }

    private StepResult Interrupted() => new(wish.AnotherIsWanted() ? UpdateEvent.Superseded : UpdateEvent.Reworded);

    private StepResult Swap(DesiredModel target)
    {
        if (_prepared is not { } prepared) return StepResult.Done;      // done before; only its record did not reach the disk
        soak.Begin(target.Model.Digest);
        slots.Activate(prepared);
        slots.AskShadow = target.CompareWithPrevious && slots.Shadow is not null;
        slots.ShadowStandsIn = true;
        (_prepared, _package, _tried) = (null, null, null);
        return StepResult.Done;
    }

    private async Task<StepResult> SoakAsync(UpdateRecord now, CancellationToken stopping)
    {
        while (true)
        {
            if (wish.AnotherIsWantedInCharge())
            {
                TakeBack(now);
                return new(UpdateEvent.ReturnWanted, "The fleet asked for another model while this one was soaking.");
            }
            var result = SoakGate.Decide(soak.Evidence(), options.Now, slots.Active?.Manifest.LatencyLimitMs);
            switch (result.Verdict)
            {
                case SoakVerdict.Passed:
                    slots.ShadowStandsIn = false;
                    return StepResult.Done;
                case SoakVerdict.Failed:
                    TakeBack(now);
                    return new(UpdateEvent.Broke, result.Reason);
            }
            // The frame that proves it, or the clock.
            await soak.NewsAsync(SoakLook, stopping);
        }
    }

    /// <summary>
    /// The warm model before takes charge from the next frame on, and only then the disk is asked to note it: a device that dies in between starts
    /// with that model anyway, and a disk may take longer than a line can wait.
    /// </summary>
    private void TakeBack(UpdateRecord now)
    {
        if (slots.Active?.Ref.Digest != now.Target?.Model.Digest || slots.Shadow is not { } before || before.Ref.Digest != now.Active?.Digest) return;
        slots.AskShadow = false;
        slots.SwapBack();
    }

    /// <summary>Puts the committed model back: at once when it is warm, from disk otherwise.</summary>
    private async Task<StepResult> RollBackAsync(UpdateRecord now)
    {
        var home = now.Active;
        if (home is null) slots.Clear();
        else if (slots.Shadow?.Ref.Digest == home.Digest) slots.SwapBack();
        else if (slots.Active?.Ref.Digest != home.Digest) slots.Activate(await loader.LoadCommittedAsync(home));
        slots.AskShadow = false;
        slots.SetShadow(null);
        if (now.TryAgain) return new(UpdateEvent.Again);
        // A shadow was never in charge, so nothing was rolled back.
        return now.Target is { Stage: ModelStage.Shadow } ? new(UpdateEvent.Broke, now.Reason) : StepResult.Done;
    }
}
