using System.Threading.Channels;
using MQTTnet.Exceptions;
using MQTTnet.Wire;

namespace MQTTnet;

/// <summary>An established connection at work: receives, delivers to the handlers, keeps alive, and ends once with its reason.</summary>
internal sealed class Session(MqttClient client, Connection connection, MqttClientOptions options, TimeProvider time, TimeSpan goodbyeTimeout)
{
    // Unbounded, but never fuller than the receive maximum we announced (QoS 1): a bound here would stop the reading of the
    // acknowledgements that a handler which publishes waits for.
    private readonly Channel<(MqttApplicationMessage Message, ushort Identifier)> _received =
        Channel.CreateUnbounded<(MqttApplicationMessage, ushort)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private (MqttClientDisconnectReason Reason, string? Text, Exception? Exception)? _end;
    private int _ended;

    public Connection Connection => connection;

    public MqttClientOptions Options => options;

    public void Start()
    {
        _ = Task.Run(ReceiveAsync);
        _ = Task.Run(DeliverAsync);
        _ = Task.Run(KeepAliveAsync);
    }

    /// <summary>Ends the connection; only the first reason counts.</summary>
    public async Task EndAsync(MqttClientDisconnectReason reason, string? text, Exception? exception)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0) return;
        connection.Fail(exception ?? new MqttClientDisconnectedException(null));
        _received.Writer.TryComplete();
        await connection.DisposeAsync();
        client.SessionEnded(this, reason, text, exception);
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (_end is null)
            {
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
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            await EndAsync(MqttClientDisconnectReason.UnspecifiedError, null, e is OperationCanceledException ? null : new MqttCommunicationException(e));
        }
    }

    private void Take(byte first, ReadOnlySpan<byte> body)
    {
        switch (first & 0xF0)
        {
            case PacketType.Publish:
                _received.Writer.TryWrite(connection.Decoder.Publish(first, body));
                break;
            case PacketType.PubAck:
                connection.Complete(connection.Decoder.PubAck(body));
                break;
            case PacketType.SubAck or PacketType.UnsubAck:
                connection.Complete(connection.Decoder.FilterAck(body));
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

    private async Task DeliverAsync()
    {
        await foreach (var (message, identifier) in _received.Reader.ReadAllAsync())
        {
            var args = new MqttApplicationMessageReceivedEventArgs(options.ClientId, message, identifier, AcknowledgeAsync);
            try
            {
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
        }
    }

    private Task AcknowledgeAsync(MqttApplicationMessageReceivedEventArgs args, CancellationToken cancellationToken) => args.PacketIdentifier == 0
        ? Task.CompletedTask
        : connection.SendAsync(encoder => encoder.PubAck(args.PacketIdentifier, args.ReasonCode), cancellationToken);

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
