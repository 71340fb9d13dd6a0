namespace CvOps.Agent.Programs;

/// <summary>What is wanted and the loop has not looked at yet: the newest alone. Left by the link's thread, taken by the loop's.</summary>
internal sealed class ProgramWish(ProgramJournal journal) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private ProgramWanted? _wanted;
    private CancellationTokenSource? _interruptible;

    /// <summary>Takes note of a wish; a step that may be interrupted is, where something new is wanted, or the same from another address.</summary>
    public void Leave(ProgramWanted wanted)
    {
        lock (_gate)
        {
            // The fleet's retained word must not push aside what a person has just brought.
            if (ProgramWishDecision.IsOld(journal.Current, wanted) && (_wanted is { ByHand: true } || wanted.Program is null || wanted.Program.Url == journal.Current.Target?.Url)) return;
            _wanted = wanted;
            _interruptible?.Cancel();
        }
        Wake();
    }

    /// <summary>The wish left, once.</summary>
    public ProgramWanted? Take()
    {
        lock (_gate)
        {
            var next = _wanted;
            _wanted = null;
            return next;
        }
    }

    /// <summary>It could not be acted upon yet; a newer one that came meanwhile stands.</summary>
    public void PutBack(ProgramWanted wanted)
    {
        lock (_gate) _wanted ??= wanted;
    }

    /// <summary>Runs work that ends early, with <see cref="OperationCanceledException"/>, when the wish changes.</summary>
    public async Task<T> WhileWantedAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stopping)
    {
        using var step = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate)
        {
            _interruptible = step;
            if (_wanted is not null) step.Cancel();
        }
        try
        {
            return await work(step.Token);
        }
        finally
        {
            lock (_gate) _interruptible = null;
        }
    }

    /// <summary>Until something is left, or a while.</summary>
    public Task WaitAsync(TimeSpan patience, CancellationToken stopping) => _wake.WaitAsync(patience, stopping);

    public void Dispose() => _wake.Dispose();

    private void Wake()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }
}
