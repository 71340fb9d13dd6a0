using System.Threading.Channels;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;
using MQTTnet.Wire;

namespace MQTTnet;

/// <summary>An established connection at work: receives, delivers to the handlers, keeps alive, and ends once with its reason.</summary>
internal sealed class Session(MqttClient client, Connection connection, MqttClientOptions options, TimeProvider time, TimeSpan goodbyeTimeout)
{
    // Unbounded by itself; the backlog stops the reading.
    private readonly Channel<(MqttApplicationMessage Message, ushort Identifier)> _received =
        Channel.CreateUnbounded<(MqttApplicationMessage, ushort)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private (MqttClientDisconnectReason Reason, string? Text, Exception? Exception)? _end;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _ended;
    private readonly Backlog _backlog = new();

    public Connection Connection => connection;

    public MqttClientOptions Options => options;

    public void Start()
    {
        _ = Task.Run(ReceiveAsync);
        _ = Task.Run(DeliverAsync);
        _ = Task.Run(KeepAliveAsync);
    }

    /// <summary>Ends the connection; only the first reason counts. Returns when it has ended, whoever did it.</summary>
    public async Task EndAsync(MqttClientDisconnectReason reason, string? text, Exception? exception)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            await _over.Task;
            return;
        }
        connection.Fail(exception ?? new MqttClientDisconnectedException(null));
        _received.Writer.TryComplete();
        await connection.DisposeAsync();
        client.SessionEnded(this, reason, text, exception);
        _over.SetResult();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (_end is null)
            {
                if (_backlog.IsFull) await _backlog.RoomAsync(connection.Ended);
                if (connection.TryTake(out var first, out var body)) Take(first, body);
                else connection.Arrived(await connection.ReceiveAsync(connection.Ended));
            }
            await EndAsync(_end.Value.Reason, _end.Value.Text, _end.Value.Exception);
        }
        catch (MalformedPacketException e)
        {
            await SayGoodbyeAsync(e.Reason, e.Message);
            await EndAsync((MqttClientDisconnectReason)e.Reason, e.Message, e);
        }
        catch (Exception e) when (Transport.IsLoss(e) || e is MqttCommunicationException)
        {
            await EndAsync(MqttClientDisconnectReason.UnspecifiedError, null, e is OperationCanceledException ? null : new MqttCommunicationException(e));
        }
    }

    private void Take(byte first, ReadOnlySpan<byte> body)
    {
        switch (first & 0xF0)
        {
            case PacketType.Publish:
                TakeMessage(first, body);
                break;
            case PacketType.PubRel & 0xF0:
                TakeRelease(connection.Decoder.Answer(body).PacketIdentifier);
                break;
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubComp:
                connection.Complete(first, connection.Decoder.Answer(body));
                break;
            case PacketType.SubAck or PacketType.UnsubAck:
                connection.Complete(first, connection.Decoder.FilterAck(body));
                break;
            case PacketType.PingResp:
                connection.Pong();
                break;
            case PacketType.Disconnect:
                var (reason, text) = connection.Decoder.Disconnect(body);
                _end = ((MqttClientDisconnectReason)reason, text, new MqttClientUnexpectedDisconnectReceivedException(reason, text));
                break;
            default:
                throw new MalformedPacketException(MqttClientDisconnectOptionsReason.ProtocolError, $"Packet 0x{first:X2} is not a server's to send.");
        }
    }

    private void TakeMessage(byte first, ReadOnlySpan<byte> body)
    {
        var (message, identifier) = connection.Decoder.Publish(first, body);
        _backlog.Add(message.Payload.Length);
        _received.Writer.TryWrite((message, identifier));
    }

    /// <returns>True when it was taken before: our PUBREC was lost with an earlier connection, the message was not.</returns>
    private bool Repeated(ushort identifier)
    {
        if (!connection.State.HasTaken(identifier)) return false;
        connection.Answer(PacketType.PubRec, identifier, MqttApplicationMessageReceivedReasonCode.Success);
        return true;
    }

    private void TakeRelease(ushort identifier)
    {
        var known = connection.State.Release(identifier);
        connection.Answer(PacketType.PubComp, identifier, known ? MqttApplicationMessageReceivedReasonCode.Success : MqttApplicationMessageReceivedReasonCode.PacketIdentifierNotFound);
    }

    private async Task DeliverAsync()
    {
        await foreach (var (message, identifier) in _received.Reader.ReadAllAsync())
        {
            // One message after the other, also when the handler of a connection that ended is still at work.
            using var turn = await client.TurnAsync();
            // It comes again in the next connection.
            if (identifier != 0 && connection.Ended.IsCancellationRequested) continue;
            var args = new MqttApplicationMessageReceivedEventArgs(options.ClientId, message, identifier, AcknowledgeAsync);
            try
            {
                if (message.QualityOfServiceLevel == MqttQualityOfServiceLevel.ExactlyOnce && Repeated(identifier)) continue;
                await client.RaiseReceivedAsync(args);
                if (args.AutoAcknowledge) await args.AcknowledgeAsync(connection.Ended);
            }
            catch (Exception e) when (connection.Ended.IsCancellationRequested && e is OperationCanceledException or MqttCommunicationException)
            {
                // The server will send it again.
            }
#pragma warning disable CA1031 // A handler that throws leaves its message unacknowledged, whatever it threw; the next message must not suffer.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
            finally
            {
                _backlog.Remove(message.Payload.Length);
            }
        }
    }

    private Task AcknowledgeAsync(MqttApplicationMessageReceivedEventArgs args, CancellationToken cancellationToken)
    {
        if (args.PacketIdentifier == 0 || args.ProcessingFailed) return Task.CompletedTask;
        var exactlyOnce = args.ApplicationMessage.QualityOfServiceLevel == MqttQualityOfServiceLevel.ExactlyOnce;
        // Remembered before it is said: a connection that breaks in between must not bring it twice.
        if (exactlyOnce && (int)args.ReasonCode < 0x80) connection.Take(args.PacketIdentifier);
        cancellationToken.ThrowIfCancellationRequested();
        connection.Answer(exactlyOnce ? PacketType.PubRec : PacketType.PubAck, args.PacketIdentifier, args.ReasonCode);
        return Task.CompletedTask;
    }

    private async Task KeepAliveAsync()
    {
        var period = connection.Result.ServerKeepAlive > 0 ? TimeSpan.FromSeconds(connection.Result.ServerKeepAlive) : options.KeepAlivePeriod;
        if (period <= TimeSpan.Zero) return;
        try
        {
            while (true)
            {
                var left = period - connection.Silence;
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left, time, connection.Ended);
                    continue;
                }
                if (_backlog.IsFull)
                {
                    // We do not read now, so its answer cannot be waited for; the server shall hear from us all the same.
                    await connection.SendAsync(encoder => encoder.PingReq(), connection.Ended);
                    await Task.Delay(period, time, connection.Ended);
                    continue;
                }
                // The server gives us one and a half periods (MQTT-3.1.2-22); an answer later than another period is none.
                using var waiting = new CancellationTokenSource(period < options.Timeout ? period : options.Timeout, time);
                await connection.PingAsync(waiting.Token);
            }
        }
        catch (OperationCanceledException) when (connection.Ended.IsCancellationRequested)
        {
        }
        catch (OperationCanceledException e)
        {
            await EndAsync(MqttClientDisconnectReason.KeepAliveTimeout, "The server did not answer a ping.", new MqttCommunicationTimedOutException(e));
        }
        catch (MqttCommunicationException e)
        {
            await EndAsync(MqttClientDisconnectReason.UnspecifiedError, null, e);
        }
    }

    private async Task SayGoodbyeAsync(MqttClientDisconnectOptionsReason reason, string text)
    {
        try
        {
            using var timeout = new CancellationTokenSource(goodbyeTimeout, time);
            await connection.SendAsync(encoder => encoder.Disconnect(new MqttClientDisconnectOptions { Reason = reason, ReasonString = text }), timeout.Token);
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException)
        {
            // It is ending anyway.
        }
    }
}
