using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>What the cloud wants and the update has not looked at yet: the newest document alone. Left by the link's thread, taken by the update's.</summary>
internal sealed class UpdateWish(UpdateJournal journal) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private TwinDesired? _desired;
    private CancellationTokenSource? _interruptible;
    private TaskCompletionSource? _imported;

    /// <summary>Takes note of a document; older ones are ignored. A step that may be interrupted is, when another model or the same from another address is wanted.</summary>
    public void Leave(TwinDesired desired)
    {
        lock (_gate)
        {
            if (desired.Version <= (_desired?.Version ?? journal.Current.DesiredVersion)) return;
            _desired = desired;
            _imported?.TrySetResult();
            if (IsAnother(desired) || HasFreshAddress(desired)) _interruptible?.Cancel();
        }
        Wake();
    }

    /// <summary>Takes note of a package that a person brought here, under the version of the last document: the fleet's next one wins.</summary>
    /// <returns>Completes when the journal has it, or something newer is wanted.</returns>
    public Task LeaveImported(DesiredModel model)
    {
        TaskCompletionSource noted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _imported?.TrySetResult();
            _imported = noted;
            _desired = new TwinDesired { Version = _desired?.Version ?? journal.Current.DesiredVersion, Model = model };
            if (IsAnother(_desired)) _interruptible?.Cancel();
        }
        Wake();
        return noted.Task;
    }

    /// <summary>What was taken last is in the journal.</summary>
    public void Noted()
    {
        lock (_gate)
        {
            if (_desired is null) _imported?.TrySetResult();
        }
    }

    /// <summary>The document left, once.</summary>
    public TwinDesired? Take()
    {
        lock (_gate)
        {
            var next = _desired;
            _desired = null;
            return next;
        }
    }

    /// <summary>It could not be acted upon yet; a newer one that came meanwhile stands.</summary>
    public void PutBack(TwinDesired desired)
    {
        lock (_gate) _desired ??= desired;
    }

    /// <summary>A model other than the one the update is about is wanted; or none, where that one is to stay in shadow.</summary>
    public bool AnotherIsWanted()
    {
        lock (_gate) return _desired is { } desired && IsAnother(desired) && (desired.Model is not null || journal.Current.Target?.Stage == ModelStage.Shadow);
    }

    /// <summary>So, and it is to take charge. One that is to stay in shadow has to be in that of the model that soaks, not of the one before.</summary>
    public bool AnotherIsWantedInCharge()
    {
        lock (_gate) return _desired?.Model is { Stage: ModelStage.Active } && IsAnother(_desired);
    }

    /// <summary>The model the update is about is to go another way than was said.</summary>
    public bool StageChanged()
    {
        lock (_gate) return _desired?.Model is { } model && !IsAnother(_desired) && model.Stage != journal.Current.Target?.Stage;
    }

    /// <summary>A document was left and nobody has taken it.</summary>
    public bool HasNews()
    {
        lock (_gate) return _desired is not null;
    }

    /// <summary>Runs work that ends early, with <see cref="OperationCanceledException"/>, when the wish changes.</summary>
    public async Task WhileWantedAsync(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        using var step = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate)
        {
            _interruptible = step;
            if (_desired is { } left && (IsAnother(left) || HasFreshAddress(left))) step.Cancel();
        }
        try
        {
            await work(step.Token);
        }
        finally
        {
            lock (_gate) _interruptible = null;
        }
    }

    /// <summary>Until something is left, or <see cref="Wake"/>.</summary>
    public Task WaitAsync(CancellationToken stopping) => _wake.WaitAsync(stopping);

    /// <summary>So too, or a while.</summary>
    public Task WaitAsync(TimeSpan patience, CancellationToken stopping) => _wake.WaitAsync(patience, stopping);

    public void Wake()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }

    public void Dispose() => _wake.Dispose();

    private bool IsAnother(TwinDesired desired) => desired.Model?.Model.Digest != journal.Current.Target?.Model.Digest;

    /// <summary>The same package from another address: the one in use may be over. Interrupting costs little, since what has come stays.</summary>
    private bool HasFreshAddress(TwinDesired desired) => desired.Model is { } model && model.Url != journal.Current.Target?.Url;
}
