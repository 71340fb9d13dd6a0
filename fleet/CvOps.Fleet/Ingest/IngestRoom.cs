namespace CvOps.Fleet.Ingest;

/// <summary>
/// What was received and not acknowledged yet, in bytes of payload. While it is full nothing more is taken in, and the broker keeps the rest.
/// A message larger than the whole room comes in alone.
/// </summary>
internal sealed class IngestRoom(long limit)
{
    private readonly Lock _guard = new();
    private long _held;
    private TaskCompletionSource? _left;

    public long Held
    {
        get { lock (_guard) return _held; }
    }

    public async ValueTask EnterAsync(long bytes, CancellationToken cancel)
    {
        while (true)
        {
            Task left;
            lock (_guard)
            {
                if (_held == 0 || _held + bytes <= limit)
                {
                    _held += bytes;
                    return;
                }
                left = (_left ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await left.WaitAsync(cancel);
        }
    }

    public void Leave(long bytes)
    {
        lock (_guard)
        {
            _held -= bytes;
            _left?.SetResult();
            _left = null;
        }
    }
}
