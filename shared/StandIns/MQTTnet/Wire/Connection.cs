using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using MQTTnet.Exceptions;

namespace MQTTnet.Wire;

/// <summary>
/// One network connection after CONNACK: writes packets one at a time, reads until it ends, and hands each acknowledgement to who waits for it.
/// It ends once, with <see cref="Fail"/>, and then fails everything that waits.
/// </summary>
internal sealed class Connection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly PipeReader _reader;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _publishing = new(1, 1);
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<ushort, TaskCompletionSource<Acknowledgement>> _waiting = new();
    private readonly TimeProvider _time;
    private SemaphoreSlim _window = new(ushort.MaxValue);
    private Exception? _failure;
    private TaskCompletionSource? _pong;
    private int _lastIdentifier;
    private long _lastSent;
    private long _lastReceived;

    public Connection(Stream stream, MqttClientOptions options, TimeProvider time)
    {
        _stream = stream;
        _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true));
        _time = time;
        Encoder = new PacketEncoder(options.ProtocolVersion);
        Decoder = new PacketDecoder(options.ProtocolVersion);
        Limit = options.MaximumPacketSize == 0 ? PacketReader.DefaultLimit : (int)Math.Min(options.MaximumPacketSize, int.MaxValue);
        _lastSent = _lastReceived = time.GetTimestamp();
    }

    public PacketEncoder Encoder { get; }

    public PacketDecoder Decoder { get; }

    /// <summary>Largest packet to receive, in bytes.</summary>
    public int Limit { get; }

    /// <summary>What the server said; set once, before anything is published.</summary>
    public MqttClientConnectResult Result
    {
        get => field ?? throw new InvalidOperationException("CONNACK has not come.");
        set
        {
            field = value;
            _window = new SemaphoreSlim(value.ReceiveMaximum ?? ushort.MaxValue);
        }
    }

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Time since a packet was last sent, or last received if that is longer ago: a peer that only swallows is as silent as one that says nothing.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Math.Min(Volatile.Read(ref _lastSent), Volatile.Read(ref _lastReceived)));

    /// <summary>Sends one packet. Once begun it is always finished: half a packet would ruin the connection.</summary>
    public async Task SendAsync(Func<PacketEncoder, ReadOnlyMemory<byte>> packet, CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        await _writing.WaitAsync(cancellationToken);
        ReadOnlyMemory<byte> bytes;
        try
        {
            bytes = packet(Encoder);
        }
        catch
        {
            Encoder.Reset();
            _writing.Release();
            throw;
        }
        await WriteAsync(bytes).WaitAsync(cancellationToken);
    }

    /// <summary>Publishes with QoS 1 and waits for PUBACK. Order on the wire is the order of the calls.</summary>
    public async Task<Acknowledgement> PublishAsync(MqttApplicationMessage message, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Ended);
        Task<Acknowledgement> answer;
        try
        {
            await _publishing.WaitAsync(either.Token);
            try
            {
                await _window.WaitAsync(either.Token);
                answer = await AskAsync(identifier => encoder => Sized(encoder.Publish(message, identifier)), () => _window.Release(), cancellationToken);
            }
            finally
            {
                _publishing.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure();
        }
        return await answer.WaitAsync(cancellationToken);
    }

    public async Task PublishUnacknowledgedAsync(MqttApplicationMessage message, CancellationToken cancellationToken)
    {
        await _publishing.WaitAsync(cancellationToken);
        try
        {
            await SendAsync(encoder => Sized(encoder.Publish(message, 0)), cancellationToken);
        }
        finally
        {
            _publishing.Release();
        }
    }

    public async Task<Acknowledgement> RequestAsync(Func<ushort, Func<PacketEncoder, ReadOnlyMemory<byte>>> packet, CancellationToken cancellationToken) =>
        await (await AskAsync(packet, () => { }, cancellationToken)).WaitAsync(cancellationToken);

    public async Task PingAsync(CancellationToken cancellationToken)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var pong = Interlocked.CompareExchange(ref _pong, mine, null);
        if (pong is null)
        {
            pong = mine;
            await SendAsync(encoder => encoder.PingReq(), cancellationToken);
        }
        using var registration = Ended.UnsafeRegister(_ => pong.TrySetException(Failure()), null);
        await pong.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Reads the next packet and gives it to <paramref name="take"/>; the body is good only within it.</summary>
    /// <exception cref="EndOfStreamException">The server closed the connection.</exception>
    public async Task ReadAsync(Action<byte, ReadOnlySpan<byte>> take, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _reader.ReadAsync(cancellationToken);
            var arrived = read.Buffer;
            try
            {
                if (PacketReader.TryTake(ref arrived, Limit, out var first, out var body))
                {
                    Volatile.Write(ref _lastReceived, _time.GetTimestamp());
                    if (body.IsSingleSegment) take(first, body.FirstSpan);
                    else take(first, body.ToArray());
                    _reader.AdvanceTo(arrived.Start);
                    return;
                }
            }
            catch (MalformedPacketException)
            {
                _reader.AdvanceTo(arrived.End);
                throw;
            }
            _reader.AdvanceTo(arrived.Start, arrived.End);
            if (read.IsCompleted) throw new EndOfStreamException("The server closed the connection.");
        }
    }

    public void Complete(Acknowledgement acknowledgement)
    {
        if (_waiting.TryRemove(acknowledgement.PacketIdentifier, out var waiting)) waiting.TrySetResult(acknowledgement);
    }

    public void Pong() => Interlocked.Exchange(ref _pong, null)?.TrySetResult();

    /// <summary>Ends the connection; only the first reason counts.</summary>
    public void Fail(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _failure, reason, null) is not null) return;
        _ended.Cancel();
        foreach (var identifier in _waiting.Keys)
        {
            if (_waiting.TryRemove(identifier, out var waiting)) waiting.TrySetException(Failure());
        }
    }

    public async ValueTask DisposeAsync()
    {
        Fail(new MqttClientDisconnectedException(null));
        // The pipe reader is left to the collector: its buffers may not go back to the pool while a read is still ending.
        await _stream.DisposeAsync();
    }

    private async Task<Task<Acknowledgement>> AskAsync(
        Func<ushort, Func<PacketEncoder, ReadOnlyMemory<byte>>> packet, Action answered, CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        var answer = new TaskCompletionSource<Acknowledgement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var identifier = NextIdentifier(answer);
        if (_failure is not null && _waiting.TryRemove(identifier, out _)) answer.TrySetException(Failure());
        // Whoever gives up waiting leaves the identifier in use until the answer comes: the server still counts it.
        _ = answer.Task.ContinueWith(task => { _ = task.Exception; answered(); }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await SendAsync(packet(identifier), cancellationToken);
        }
        catch (MqttProtocolViolationException e)
        {
            // Never sent, so no answer will come.
            if (_waiting.TryRemove(identifier, out _)) answer.TrySetException(e);
            throw;
        }
        return answer.Task;
    }

    private ushort NextIdentifier(TaskCompletionSource<Acknowledgement> answer)
    {
        for (var attempt = 0; attempt < ushort.MaxValue; attempt++)
        {
            var identifier = (ushort)((uint)Interlocked.Increment(ref _lastIdentifier) % ushort.MaxValue + 1);
            if (_waiting.TryAdd(identifier, answer)) return identifier;
        }
        throw new MqttCommunicationException("All 65,535 packet identifiers wait for an answer.");
    }

    private ReadOnlyMemory<byte> Sized(ReadOnlyMemory<byte> packet) => packet.Length <= (Result.MaximumPacketSize ?? uint.MaxValue)
        ? packet
        : throw new MqttProtocolViolationException($"A packet of {packet.Length} bytes is larger than the {Result.MaximumPacketSize} bytes the server takes.");

    /// <summary>Holds the writing lock already and releases it.</summary>
    private async Task WriteAsync(ReadOnlyMemory<byte> packet)
    {
        try
        {
            await _stream.WriteAsync(packet, Ended);
            Volatile.Write(ref _lastSent, _time.GetTimestamp());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            Fail(new MqttClientDisconnectedException(e));
            throw Failure();
        }
        finally
        {
            _writing.Release();
        }
    }

    private void ThrowIfEnded()
    {
        if (_failure is not null) throw Failure();
    }

    private MqttCommunicationException Failure() => _failure as MqttCommunicationException ?? new MqttClientDisconnectedException(_failure);
}
