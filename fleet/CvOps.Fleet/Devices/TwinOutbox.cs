namespace CvOps.Fleet.Devices;

/// <summary>Tells the publisher of twins that desired documents may wait. Waking twice before it looks is once.</summary>
internal sealed class TwinOutbox : IDisposable
{
    private readonly SemaphoreSlim _work = new(0, 1);

    public void Wake()
    {
        try
        {
            _work.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been told and has not looked yet.
        }
    }

    /// <returns>True when woken, false when <paramref name="longest"/> passed.</returns>
    public Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancel) => _work.WaitAsync(longest, cancel);

    public void Dispose() => _work.Dispose();
}
