namespace CvOps.Agent.Link;

/// <summary>Where a link stands, and the wait for it to be connected. One thread enters states; any reads and waits.</summary>
internal sealed class LinkPresence
{
    private TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public LinkState State => (LinkState)Volatile.Read(ref _state);

    /// <summary>Completes at once when connected.</summary>
    public Task WhenConnectedAsync(CancellationToken cancellationToken) => Volatile.Read(ref _connected).Task.WaitAsync(cancellationToken);

    public void Enter(LinkState state)
    {
        var before = (LinkState)Interlocked.Exchange(ref _state, (int)state);
        if (state == LinkState.Connected) Volatile.Read(ref _connected).TrySetResult();
        else if (before == LinkState.Connected) Volatile.Write(ref _connected, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
