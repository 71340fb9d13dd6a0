namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>Whether somebody waits for pictures to be looked at: then all of a core is taken. Any thread.</summary>
internal sealed class PicturePace
{
    private int _waiting;

    public bool IsHurried => Volatile.Read(ref _waiting) > 0;

    /// <summary>Until it is disposed.</summary>
    public IDisposable Hurry()
    {
        Interlocked.Increment(ref _waiting);
        return new Wait(this);
    }

    private sealed class Wait(PicturePace pace) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref pace._waiting);
    }
}
