using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace MQTTnet.Wire;

/// <summary>
/// One network connection: writes packets in order, takes what arrives apart, and hands each acknowledgement to who waits for it.
/// It ends once, with <see cref="Fail"/>, and then fails everything that waits.
/// </summary>
internal sealed class Connection : IAsyncDisposable
{
    /// <summary>QoS 2 with 3.1.1, which has no word for it: mosquitto's default. It acknowledges more and drops them.</summary>
    private const int UnnamedWindow = 20;

    private readonly bool _five;
    private readonly Stream _stream;
    private readonly Outbox _outbox;
    private readonly PacketIntake _intake;
    private readonly CancellationTokenSource _ended = new();
    private readonly TimeProvider _time;

    // All under the outbox's guard: what is encoded, what waits for its answer, and the order of the calls belong together.
    private readonly InFlight _inFlight = new();
    private readonly Queue<Publication> _queued = new();
    private readonly Stack<Publication> _spare = new();
    private readonly Dictionary<(ushort, byte), MqttClientPublishResult> _plainResults = [];
    private int _published;
    private volatile Exception? _failure;
    private MqttClientConnectResult? _result;
    private SessionState? _state;
    private int _generation;

    private TaskCompletionSource? _pong;
    private long _lastReceived;

    public Connection(Stream stream, MqttClientOptions options, TimeProvider time)
    {
        _stream = stream;
        _five = options.ProtocolVersion == MqttProtocolVersion.V500;
        _outbox = new Outbox(stream, options.ProtocolVersion, time, SendQueued, e => Fail(new MqttClientDisconnectedException(e)), Ended);
        _intake = new PacketIntake(options.MaximumPacketSize == 0 ? PacketReader.DefaultLimit : (int)Math.Min(options.MaximumPacketSize, int.MaxValue));
        _time = time;
        Decoder = new PacketDecoder(options.ProtocolVersion, options.TopicAliasMaximum);
        _lastReceived = time.GetTimestamp();
    }

    public PacketDecoder Decoder { get; }

    /// <summary>What the server said.</summary>
    public MqttClientConnectResult Result => _result ?? throw new InvalidOperationException("CONNACK has not come.");

    /// <summary>What outlives the connection.</summary>
    public SessionState State => _state ?? throw new InvalidOperationException("CONNACK has not come.");

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Time since a packet was last sent, or last received if that is longer ago: a peer that only swallows is as silent as one that says nothing.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Math.Min(_outbox.LastWritten, Volatile.Read(ref _lastReceived)));

    /// <summary>QoS 2: the message is ours, whatever becomes of the connection.</summary>
    public void Take(ushort identifier) => State.Take(identifier, _generation);

    /// <summary>Once CONNACK has come, before anything is published. What earlier connections of the session left of QoS 2 is released.</summary>
    public void Begin(MqttClientConnectResult result, SessionState state)
    {
        bool flush;
        lock (_outbox.Guard)
        {
            (_result, _state) = (result, state);
            if (!result.IsSessionPresent) state.Clear();
            _generation = state.Generation;
            foreach (var identifier in state.TakeUnreleased())
            {
                _inFlight.Reserve(identifier, ExchangeRule.Leftover);
                _outbox.Encoder.Answer(PacketType.PubRel, identifier, MqttApplicationMessageReceivedReasonCode.Success);
            }
            flush = _outbox.Claim();
        }
        if (flush) _outbox.FlushSoon();
    }

    /// <summary>Sends PUBACK, PUBREC, PUBREL or PUBCOMP with what else is going out; does not wait for the network.</summary>
    /// <exception cref="MqttCommunicationException">The connection has ended.</exception>
    public void Answer(byte type, ushort identifier, MqttApplicationMessageReceivedReasonCode reason)
    {
        bool flush;
        lock (_outbox.Guard)
        {
            ThrowIfEnded();
            _outbox.Encoder.Answer(type, identifier, reason);
            flush = _outbox.Claim();
        }
        if (flush) _outbox.FlushSoon();
    }

    /// <summary>Sends one packet and waits until the network took it. Once begun it is always finished: half a packet would ruin the connection.</summary>
    public async Task SendAsync(Func<PacketEncoder, ReadOnlyMemory<byte>> packet, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<bool>? handedOver;
        lock (_outbox.Guard)
        {
            ThrowIfEnded();
            Encode(packet);
            handedOver = _outbox.Claim() ? null : _outbox.HandedOver();
        }
        // Not whether the connection stands still: a server closes it as soon as it has read our goodbye.
        if (!await (handedOver ?? _outbox.FlushAsync()).WaitAsync(cancellationToken)) throw Failure();
    }

    /// <summary>Publishes; QoS 1 waits for PUBACK, QoS 2 for PUBCOMP. Order on the wire is the order of the calls.</summary>
    public Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage message, CancellationToken cancellationToken)
    {
        Publication? publication;
        lock (_outbox.Guard) _spare.TryPop(out publication);
        publication ??= new Publication(this);
        var answer = publication.Begin(message, cancellationToken);
        bool flush, idle;
        lock (_outbox.Guard)
        {
            idle = _published == 0;
            if (_failure is not null) publication.Settle(Failure());
            else if (_queued.Count > 0 || !TrySend(publication)) _queued.Enqueue(publication);
            flush = _outbox.Claim();
        }
        // With others on their way more will follow: what gathers until another thread comes to it goes out as one.
        if (flush && idle) _ = _outbox.FlushAsync();
        else if (flush) _outbox.FlushSoon();
        return answer;
    }

    /// <summary>Sends a packet that is answered by one with its identifier. Whoever gives up waiting leaves that in use until the answer comes.</summary>
    public async Task<Acknowledgement> RequestAsync(Func<PacketEncoder, ushort, ReadOnlyMemory<byte>> packet, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var answer = new TaskCompletionSource<Acknowledgement>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool flush;
        lock (_outbox.Guard)
        {
            ThrowIfEnded();
            var identifier = _inFlight.Take(answer);
            try
            {
                Encode(encoder => packet(encoder, identifier));
            }
            catch
            {
                _inFlight.Release(identifier);
                throw;
            }
            flush = _outbox.Claim();
        }
        if (flush) _ = _outbox.FlushAsync();
        return await answer.Task.WaitAsync(cancellationToken);
    }

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

    /// <summary>Waits for bytes; <see cref="Arrived"/> takes their number.</summary>
    public ValueTask<int> ReceiveAsync(CancellationToken cancellationToken) => _stream.ReadAsync(_intake.Room(), cancellationToken);

    /// <exception cref="EndOfStreamException">The server closed the connection.</exception>
    public void Arrived(int bytes)
    {
        if (bytes == 0) throw new EndOfStreamException("The server closed the connection.");
        _intake.Add(bytes);
    }

    /// <param name="body">Good until the next <see cref="ReceiveAsync"/>.</param>
    /// <returns>False when more bytes are needed.</returns>
    public bool TryTake(out byte first, out ReadOnlySpan<byte> body)
    {
        if (!_intake.TryTake(out first, out body)) return false;
        Volatile.Write(ref _lastReceived, _time.GetTimestamp());
        return true;
    }

    /// <param name="type">PUBACK, PUBREC, PUBCOMP, SUBACK or UNSUBACK.</param>
    /// <exception cref="MalformedPacketException">It answers what was not asked.</exception>
    public void Complete(byte type, in Acknowledgement acknowledgement)
    {
        bool flush;
        lock (_outbox.Guard)
        {
            if (_failure is not null) return;
            var identifier = acknowledgement.PacketIdentifier;
            switch (ExchangeRule.Of(_inFlight.Peek(identifier), type, acknowledgement.Code))
            {
                case ExchangeStep.Finish:
                    Finish(type, acknowledgement);
                    break;
                case ExchangeStep.Release:
                    var publication = (Publication)_inFlight.Peek(identifier)!;
                    (publication.Released, publication.Code) = (true, acknowledgement.Code);
                    _outbox.Encoder.Answer(PacketType.PubRel, identifier, MqttApplicationMessageReceivedReasonCode.Success);
                    break;
                case ExchangeStep.Disown:
                    _outbox.Encoder.Answer(PacketType.PubRel, identifier, MqttApplicationMessageReceivedReasonCode.PacketIdentifierNotFound);
                    break;
                case ExchangeStep.Violation:
                    throw new MalformedPacketException(MqttClientDisconnectOptionsReason.ProtocolError, $"Packet 0x{type:X2} answers packet {identifier}, which asked for another answer.");
            }
            flush = _outbox.Claim();
        }
        if (flush) _outbox.FlushSoon();
    }

    public void Pong() => Interlocked.Exchange(ref _pong, null)?.TrySetResult();

    /// <summary>Ends the connection; only the first reason counts.</summary>
    public void Fail(Exception reason)
    {
        lock (_outbox.Guard)
        {
            if (_failure is not null) return;
            _failure = reason;
            foreach (var (identifier, waiting) in _inFlight.All())
            {
                if (waiting is not TaskCompletionSource<Acknowledgement> request)
                {
                    if (waiting is not Publication { Quality: MqttQualityOfServiceLevel.AtLeastOnce }) _state?.Leave(identifier, _generation);
                    (waiting as Publication)?.Settle(Failure());
                }
                else
                {
                    request.TrySetException(Failure());
                }
            }
            foreach (var publication in _queued) publication.Settle(Failure());
            _queued.Clear();
            _outbox.Abandon();
        }
        _ended.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        Fail(new MqttClientDisconnectedException(null));
        await _stream.DisposeAsync();
    }

    internal void Cancel(Publication publication, OperationCanceledException reason)
    {
        lock (_outbox.Guard) publication.Settle(reason);
    }

    internal void Return(Publication publication)
    {
        lock (_outbox.Guard) _spare.Push(publication);
    }

    private void Finish(byte type, in Acknowledgement acknowledgement)
    {
        switch (_inFlight.Release(acknowledgement.PacketIdentifier))
        {
            case Publication publication:
                _published--;
                publication.Settle(ResultOf(acknowledgement, type == PacketType.PubComp ? publication.Code : acknowledgement.Code));
                SendQueued();
                break;
            case TaskCompletionSource<Acknowledgement> request:
                request.TrySetResult(acknowledgement);
                break;
        }
    }

    /// <summary>Sends who waited for room in the window or in the outbox.</summary>
    private void SendQueued()
    {
        while (_queued.TryPeek(out var publication) && (publication.Settled || TrySend(publication))) _queued.Dequeue();
    }

    /// <summary>Messages that may be on their way at once, this one included.</summary>
    private int Window(MqttQualityOfServiceLevel quality) =>
        Result.ReceiveMaximum ?? (_five || quality == MqttQualityOfServiceLevel.AtLeastOnce ? ushort.MaxValue : UnnamedWindow);

    /// <returns>False when there is no room yet.</returns>
    private bool TrySend(Publication publication)
    {
        // Cancelled before it was its turn.
        if (publication is { Settled: true } or { Message: null }) return true;
        var message = publication.Message;
        var acknowledged = message.QualityOfServiceLevel != MqttQualityOfServiceLevel.AtMostOnce;
        if ((acknowledged && _published >= Window(message.QualityOfServiceLevel)) || !_outbox.HasRoom(message.Payload.Length)) return false;
        ushort identifier = 0;
        try
        {
            if (acknowledged) identifier = _inFlight.Take(publication);
            var before = _outbox.Encoder.Written.Length;
            try
            {
                var packet = _outbox.Encoder.Publish(message, identifier);
                if (packet.Length > (Result.MaximumPacketSize ?? uint.MaxValue))
                    throw new MqttProtocolViolationException($"A packet of {packet.Length} bytes is larger than the {Result.MaximumPacketSize} bytes the server takes.");
            }
            catch
            {
                _outbox.Encoder.CutTo(before);
                if (acknowledged) _inFlight.Release(identifier);
                throw;
            }
        }
        catch (Exception e) when (e is MqttProtocolViolationException or MqttCommunicationException or OverflowException)
        {
            publication.Settle(e);
            return true;
        }
        publication.Message = null;
        if (acknowledged) _published++;
        else _ = SettleAsync(publication, _outbox.HandedOver());
        return true;
    }

    /// <summary>QoS 0 is done when the network has it.</summary>
    private async Task SettleAsync(Publication publication, Task<bool> handedOver)
    {
        var taken = await handedOver;
        lock (_outbox.Guard)
        {
            if (taken) publication.Settle(new MqttClientPublishResult(null, MqttClientPublishReasonCode.Success, null, []));
            else publication.Settle(Failure());
        }
    }

    private MqttClientPublishResult ResultOf(in Acknowledgement answer, byte code)
    {
        if (answer is { ReasonString: null, UserProperties: null })
        {
            // Few identifiers are in use at a time, and they come again: the same answer is the same object.
            if (!_plainResults.TryGetValue((answer.PacketIdentifier, code), out var plain))
                _plainResults[(answer.PacketIdentifier, code)] = plain = new MqttClientPublishResult(answer.PacketIdentifier, (MqttClientPublishReasonCode)code, null, []);
            return plain;
        }
        return new MqttClientPublishResult(answer.PacketIdentifier, (MqttClientPublishReasonCode)code, answer.ReasonString, answer.UserProperties ?? []);
    }

    private void Encode(Func<PacketEncoder, ReadOnlyMemory<byte>> packet)
    {
        var before = _outbox.Encoder.Written.Length;
        try
        {
            packet(_outbox.Encoder);
        }
        catch
        {
            _outbox.Encoder.CutTo(before);
            throw;
        }
    }

    private void ThrowIfEnded()
    {
        if (_failure is not null) throw Failure();
    }

    private MqttCommunicationException Failure() => _failure as MqttCommunicationException ?? new MqttClientDisconnectedException(_failure);
}
