namespace MQTTnet.Wire;

/// <summary>
/// Payloads received whose handler has not returned. While they are more than <see cref="LimitBytes"/> nothing more is read, and TCP holds the server up:
/// the receive maximum alone does not (mosquitto 2.0.11 goes beyond it, a multiple, when acknowledgements come in parts).
/// </summary>
internal sealed class Backlog
{
    /// <summary>Far more than what waits while a handler publishes and needs its acknowledgement read.</summary>
    public const long LimitBytes = 32 * 1024 * 1024;

    private readonly Lock _guard = new();
    private long _bytes;
    private TaskCompletionSource? _room;

    public bool IsFull => Interlocked.Read(ref _bytes) > LimitBytes;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Remove(long bytes)
    {
        if (Interlocked.Add(ref _bytes, -bytes) > LimitBytes) return;
        lock (_guard)
        {
            _room?.TrySetResult();
            _room = null;
        }
    }

    /// <summary>Completes when there is room.</summary>
    public Task RoomAsync(CancellationToken cancellationToken)
    {
        Task room;
        lock (_guard) room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        // Looked at after it is there to be told: what left before told nobody.
        return IsFull ? room.WaitAsync(cancellationToken) : Task.CompletedTask;
    }
}
