using MQTTnet.Adapter;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Wire;

namespace MQTTnet;

internal sealed class MqttClient(TimeProvider time) : IMqttClient
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly SemaphoreSlim _delivering = new(1, 1);
    private volatile Session? _session;
    private SessionState? _state;
    private bool _disposed;

    public event Func<MqttApplicationMessageReceivedEventArgs, Task>? ApplicationMessageReceivedAsync;

    public event Func<MqttClientConnectedEventArgs, Task>? ConnectedAsync;

    public event Func<MqttClientDisconnectedEventArgs, Task>? DisconnectedAsync;

    public bool IsConnected => _session is not null;

    public MqttClientOptions? Options { get; private set; }

    public async Task<MqttClientConnectResult> ConnectAsync(MqttClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_changing.Wait(0, CancellationToken.None)) throw new InvalidOperationException("Not allowed to connect while connect/disconnect is pending.");
        MqttClientConnectResult? result = null;
        try
        {
            if (IsConnected) throw new InvalidOperationException("It is not allowed to connect with a server after the connection is established.");
            Options = options;
            (var session, result) = await LimitAsync(token => OpenAsync(options, token), options, cancellationToken);
            if (session is not null)
            {
                _session = session;
                session.Start();
            }
        }
        catch (Exception e) when (e is not InvalidOperationException)
        {
            RaiseDisconnected(false, result, MqttClientDisconnectReason.UnspecifiedError, null, e);
            throw;
        }
        finally
        {
            _changing.Release();
        }
        if (result.ResultCode == MqttClientConnectResultCode.Success)
            await InvokeAsync(ConnectedAsync, new MqttClientConnectedEventArgs(result));
        else
            RaiseDisconnected(false, result, (MqttClientDisconnectReason)result.ResultCode, result.ReasonString, null);
        return result;
    }

    public async Task DisconnectAsync(MqttClientDisconnectOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var session = Current();
        try
        {
            await LimitAsync(async token =>
            {
                await session.Connection.SendAsync(encoder => encoder.Disconnect(options), token);
                return true;
            }, session.Options, cancellationToken);
        }
        finally
        {
            await session.EndAsync((MqttClientDisconnectReason)options.Reason, options.ReasonString, null);
        }
    }

    public Task PingAsync(CancellationToken cancellationToken = default)
    {
        var session = Current();
        return LimitAsync(async token =>
        {
            await session.Connection.PingAsync(token);
            return true;
        }, session.Options, cancellationToken);
    }

    public Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage applicationMessage, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(applicationMessage);
        if ((applicationMessage.Topic.Length == 0 && applicationMessage.TopicAlias == 0) || applicationMessage.Topic.AsSpan().ContainsAny('#', '+'))
            throw new MqttProtocolViolationException($"'{applicationMessage.Topic}' is no topic to publish on: it is empty or holds a wildcard.");
        var session = Current();
        if (session.Options.ProtocolVersion != MqttProtocolVersion.V500) MessageFeatures.ThrowUnlessOfThree(applicationMessage);
        MessageFeatures.ThrowUnlessTaken(applicationMessage, session.Connection.Result);
        return cancellationToken.CanBeCanceled ? session.Connection.PublishAsync(applicationMessage, cancellationToken) : PublishWithinTimeoutAsync(session, applicationMessage);
    }

    public Task<MqttClientSubscribeResult> SubscribeAsync(MqttClientSubscribeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var session = Current();
        var filters = new List<MqttTopicFilter>(options.TopicFilters);
        return LimitAsync(async token =>
        {
            var answer = await session.Connection.RequestAsync((encoder, identifier) => encoder.Subscribe(identifier, filters, options.SubscriptionIdentifier), token);
            if (answer.Codes.Length != filters.Count) throw new MqttProtocolViolationException($"SUBACK has {answer.Codes.Length} codes for {filters.Count} filters.");
            var items = filters.Zip(answer.Codes, (filter, code) => new MqttClientSubscribeResultItem(filter, (MqttClientSubscribeResultCode)code)).ToList();
            return new MqttClientSubscribeResult(answer.PacketIdentifier, items, answer.ReasonString, answer.UserProperties ?? []);
        }, session.Options, cancellationToken);
    }

    public Task<MqttClientUnsubscribeResult> UnsubscribeAsync(MqttClientUnsubscribeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var session = Current();
        var filters = new List<string>(options.TopicFilters);
        return LimitAsync(async token =>
        {
            var answer = await session.Connection.RequestAsync((encoder, identifier) => encoder.Unsubscribe(identifier, filters), token);
            var items = filters.Select((filter, index) => new MqttClientUnsubscribeResultItem(
                filter, (MqttClientUnsubscribeResultCode)answer.Codes.ElementAtOrDefault(index))).ToList();
            return new MqttClientUnsubscribeResult(answer.PacketIdentifier, items, answer.ReasonString, answer.UserProperties ?? []);
        }, session.Options, cancellationToken);
    }

    /// <summary>Closes the network connection without a goodbye, so the server sends the will.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _session?.Connection.Fail(new MqttClientDisconnectedException(null));
    }

    /// <summary>Waits for a handler that is at work.</summary>
    /// <returns>To be disposed when the next may begin.</returns>
    internal async ValueTask<Turn> TurnAsync()
    {
        await _delivering.WaitAsync();
        return new Turn(_delivering);
    }

    internal Task RaiseReceivedAsync(MqttApplicationMessageReceivedEventArgs args) => InvokeAsync(ApplicationMessageReceivedAsync, args);

    internal void SessionEnded(Session session, MqttClientDisconnectReason reason, string? text, Exception? exception)
    {
        Interlocked.CompareExchange(ref _session, null, session);
        RaiseDisconnected(true, session.Connection.Result, reason, text, exception);
    }

    private static Task<MqttClientPublishResult> PublishWithinTimeoutAsync(Session session, MqttApplicationMessage message) =>
        LimitAsync(token => session.Connection.PublishAsync(message, token), session.Options, CancellationToken.None);

    private static async Task<T> LimitAsync<T>(Func<CancellationToken, Task<T>> work, MqttClientOptions options, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled) return await work(cancellationToken);
        using var timeout = new CancellationTokenSource(options.Timeout);
        try
        {
            return await work(timeout.Token);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested)
        {
            throw new MqttCommunicationTimedOutException(e);
        }
    }

    private static async Task InvokeAsync<T>(Func<T, Task>? handlers, T args)
    {
        foreach (var handler in Delegate.EnumerateInvocationList(handlers)) await handler(args);
    }

    private async Task<(Session?, MqttClientConnectResult)> OpenAsync(MqttClientOptions options, CancellationToken cancellationToken)
    {
        var connection = new Connection(await Transport.OpenAsync(options, cancellationToken), options, time);
        try
        {
            try
            {
                await connection.SendAsync(encoder => encoder.Connect(options), cancellationToken);
            }
            catch (Exception e) when (Transport.IsLoss(e) && e is not OperationCanceledException)
            {
                // A server that refuses the client's certificate says why and resets the connection: nothing can be written, and its word still waits to be read.
                await ConnAckAsync(connection, cancellationToken);
                throw;
            }
            var result = await ConnAckAsync(connection, cancellationToken);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
            {
                await connection.DisposeAsync();
                return (null, result);
            }
            var owner = $"{options.ClientId} at {options.ChannelOptions}";
            connection.Begin(result, _state = _state?.Owner == owner ? _state : new SessionState(owner));
            return (new Session(this, connection, options, time, GoodbyeTimeout), result);
        }
        catch (Exception e) when ((Transport.IsLoss(e) && e is not OperationCanceledException) || e is MqttCommunicationException or MqttProtocolViolationException)
        {
            await connection.DisposeAsync();
            // With TLS 1.3 the client's handshake is over before the server has judged the client's certificate.
            var hint = (e is IOException || e.InnerException is IOException) && options.ChannelOptions?.TlsOptions.UseTls == true ? " A server that refuses the client's certificate, or misses one, ends the connection so." : "";
            throw new MqttConnectingFailedException($"Error while authenticating. {e.Message}{hint}", e);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<MqttClientConnectResult> ConnAckAsync(Connection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (connection.TryTake(out var first, out var body))
                return first == PacketType.ConnAck ? connection.Decoder.ConnAck(body) : throw MalformedPacketException.Because($"Packet 0x{first:X2} came instead of CONNACK.");
            connection.Arrived(await connection.ReceiveAsync(cancellationToken));
        }
    }

    private void RaiseDisconnected(bool wasConnected, MqttClientConnectResult? result, MqttClientDisconnectReason reason, string? text, Exception? exception)
    {
        var args = new MqttClientDisconnectedEventArgs(wasConnected, result, reason, text, null, exception);
        // On its own: a handler may well connect again, which must not wait for the connection that is just ending.
        _ = Task.Run(() => InvokeAsync(DisconnectedAsync, args));
    }

    private Session Current()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _session ?? throw new MqttClientNotConnectedException();
    }

    internal readonly struct Turn(SemaphoreSlim delivering) : IDisposable
    {
        public void Dispose() => delivering.Release();
    }
}
