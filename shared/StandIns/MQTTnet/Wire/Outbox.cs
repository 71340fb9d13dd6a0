using MQTTnet.Formatter;

namespace MQTTnet.Wire;

/// <summary>
/// Packets on their way to the network. They are encoded under <see cref="Guard"/> into one of two buffers; one flush at a time writes what has
/// gathered meanwhile in the other. Whoever holds the guard owns every member but <see cref="FlushAsync"/>.
/// </summary>
/// <param name="room">Called under the guard when the buffer to gather in is empty again.</param>
/// <param name="failed">Called when the network did not take it; nothing is written any more.</param>
internal sealed class Outbox(Stream stream, MqttProtocolVersion version, TimeProvider time, Action room, Action<Exception> failed, CancellationToken ended) : IThreadPoolWorkItem
{
    /// <summary>Publishers wait when so much has gathered, so that a slow line does not fill the memory.</summary>
    private const int GatherBytes = 256 * 1024;

    private PacketEncoder _gathering = new(version);
    private PacketEncoder _leaving = new(version);
    private TaskCompletionSource<bool>? _handedOver;
    private bool _flushing;
    private long _lastWritten = time.GetTimestamp();

    /// <summary>When the network last took something, as a timestamp.</summary>
    public long LastWritten => Volatile.Read(ref _lastWritten);

    public Lock Guard { get; } = new();

    public PacketEncoder Encoder => _gathering;

    public bool HasRoom(long bytes) => _gathering.Written.Length is var gathered && (gathered == 0 || gathered + bytes <= GatherBytes);

    /// <summary>Completes when everything gathered so far is written; false when the connection ended before.</summary>
    public Task<bool> HandedOver() => (_handedOver ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <returns>True when there is something to flush and nobody does: the caller must, or must have it done, outside the guard.</returns>
    public bool Claim()
    {
        if (_flushing || _gathering.Written.IsEmpty) return false;
        return _flushing = true;
    }

    /// <summary>Has it flushed soon by another thread, so that more can gather.</summary>
    public void FlushSoon() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    public void Execute() => _ = FlushAsync();

    /// <summary>Writes what has gathered; only for who claimed it. Never throws.</summary>
    /// <returns>False when the network did not take it.</returns>
    public async Task<bool> FlushAsync()
    {
        TaskCompletionSource<bool>? handedOver;
        lock (Guard)
        {
            (_gathering, _leaving) = (_leaving, _gathering);
            (handedOver, _handedOver) = (_handedOver, null);
            room();
        }
        try
        {
            await stream.WriteAsync(_leaving.Written, ended);
        }
        catch (Exception e) when (Transport.IsLoss(e))
        {
            failed(e);
            handedOver?.TrySetResult(false);
            return false;
        }
        Volatile.Write(ref _lastWritten, time.GetTimestamp());
        _leaving.CutTo(0);
        handedOver?.TrySetResult(true);
        bool more;
        lock (Guard) more = _flushing = !_gathering.Written.IsEmpty;
        if (more) FlushSoon();
        return true;
    }

    /// <summary>The connection has ended: nobody needs to wait for its network any more.</summary>
    public void Abandon()
    {
        _handedOver?.TrySetResult(false);
        _handedOver = null;
    }
}
