using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Agent.Link;

/// <summary>
/// The fleet over MQTT 5: a persistent session, TLS with a client certificate, a retained status with a last will, the retained twin documents.
/// Ours is the reconnecting; the client does none.
/// </summary>
internal sealed partial class MqttFleetLink : IFleetLink, IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(3);

    /// <summary>A reported twin and an answer may be on their way as well: a broker ends the connection of who exceeds its receive maximum.</summary>
    private const int BesideTheSpool = 2;

    private readonly LinkOptions _options;
    private readonly DeviceId _device;
    private readonly Topics _topics;
    private readonly string _health;
    private readonly CloudEventNames? _events;
    private readonly FleetInbox _inbox;
    private readonly Func<DeviceStatus> _status;
    private readonly Backoff _backoff;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly PublishPath _path;
    private readonly RetainedOutbox _retained;
    private readonly LinkPresence _presence = new();
    private TaskCompletionSource<MqttClientDisconnectedEventArgs> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _opened;
    private int _attempts;

    /// <param name="status">This device's status as of now, connectivity aside.</param>
    /// <param name="chance">Even numbers in [0, 1), for the pauses.</param>
    public MqttFleetLink(LinkOptions options, SiteId site, DeviceId device, FleetInbox inbox, Func<DeviceStatus> status, Func<double> chance, TimeProvider time, ILogger<MqttFleetLink> logger)
    {
        _options = options;
        _events = options.CloudEvents && options.Protocol == LinkOptions.Five ? new CloudEventNames(site, device) : null;
        _path = new PublishPath(_client, options.Protocol == LinkOptions.Five, _events, new Listeners(time));
        _device = device;
        _topics = new Topics(site, device);
        _health = _topics.Health;
        _retained = new RetainedOutbox((topic, document, cancellation) => PublishAsync(topic, document, true, cancellation));
        _inbox = inbox;
        _status = status;
        _backoff = new Backoff(FirstPause < options.LongestPause ? FirstPause : options.LongestPause, options.LongestPause, chance);
        _time = time;
        _logger = logger;
        _client.ApplicationMessageReceivedAsync += ReceivedAsync;
        _client.DisconnectedAsync += lost =>
        {
            if (lost.ClientWasConnected) Volatile.Read(ref _lost).TrySetResult(lost);
            return Task.CompletedTask;
        };
    }

    /// <summary>Topic and text with which another program asks for everything that is kept again; null: nobody does.</summary>
    public (string Topic, string Text)? AskedAgain { get; init; }

    public LinkState State => _presence.State;

    public string? Problem { get; private set; }

    public int Attempts => Volatile.Read(ref _attempts);

    public int Window { get; private set; } = 1;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var broker = LinkOptions.Parse(_options.Brokers[attempt % _options.Brokers.Count])!;
            try
            {
                _presence.Enter(LinkState.Connecting);
                await ConnectAsync(broker, cancellationToken);
                attempt = -1;
                var since = _time.GetTimestamp();
                await LostAsync(broker, cancellationToken);
                // Not for a connection that breaks at once, such as that of two devices under one name.
                if (_time.GetElapsedTime(since) >= StableAfter) _backoff.Reset();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await SayGoodbyeAsync();
                return;
            }
            catch (Exception e) when (e is MqttCommunicationException or MqttProtocolViolationException or OperationCanceledException or IOException or CryptographicException or UnauthorizedAccessException)
            {
                Fail(broker, ConnectProblem.Reason(e));
                await _client.TryDisconnectAsync();
            }
            // Every address in turn before the first pause.
            if (attempt >= 0 && (attempt + 1) % _options.Brokers.Count != 0) continue;
            try
            {
                await Task.Delay(_backoff.Next(), _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public Task WhenConnectedAsync(CancellationToken cancellationToken) => _presence.WhenConnectedAsync(cancellationToken);

    public ValueTask<PublishOutcome> SendAsync(string topic, ReadOnlyMemory<byte> payload, uint expirySeconds, CancellationToken cancellationToken) =>
        PendingPublish.Start(_path, topic, payload, topic == _health, expirySeconds, true, cancellationToken);

    public void Report(TwinReported reported) => Keep(_topics.TwinReported, JsonSerializer.SerializeToUtf8Bytes(reported, ContractsJson.Default.TwinReported));

    public void Announce(DeviceBirth birth) => Keep(_topics.Birth, JsonSerializer.SerializeToUtf8Bytes(birth, ContractsJson.Default.DeviceBirth));

    /// <summary>A document that the broker keeps for later subscribers; an empty one takes it away. Of each topic only the newest counts.</summary>
    public void Keep(string topic, byte[] document)
    {
        _retained.Put(topic, document);
        if (State == LinkState.Connected) _ = SendRetainedAsync(false, CancellationToken.None);
    }

    public ValueTask<PublishOutcome> RespondAsync(CommandResponse response, CancellationToken cancellationToken) =>
        PublishAsync(_topics.Response(response.Id), JsonSerializer.SerializeToUtf8Bytes(response, ContractsJson.Default.CommandResponse), false, cancellationToken);

    public void Dispose()
    {
        _client.Dispose();
        _retained.Dispose();
    }

    private async Task ConnectAsync(Uri broker, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Timeout);
        await EndedAsync(limit.Token);
        Volatile.Write(ref _lost, new TaskCompletionSource<MqttClientDisconnectedEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously));
        var result = await OpenAsync(broker, limit.Token, cancellationToken);
        _path.Aliases.Begin(result.TopicAliasMaximum);
        Window = Math.Max(1, Math.Min(_options.Window, (result.ReceiveMaximum ?? ushort.MaxValue) - BesideTheSpool));

        // The subscription each time, also to a session that has it: the retained desired twin comes again, so none is missed.
        var subscribed = await _client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(_topics.TwinDesired, MqttQualityOfServiceLevel.AtLeastOnce).WithTopicFilter(_topics.Commands, MqttQualityOfServiceLevel.AtLeastOnce)
            .WithTopicFilter(_topics.Certificate, MqttQualityOfServiceLevel.AtLeastOnce).Build(), limit.Token);
        var denied = subscribed.Items.FirstOrDefault(item => item.ResultCode >= MqttClientSubscribeResultCode.UnspecifiedError);
        if (denied is not null) throw new MqttCommunicationException(BrokerAnswer.Of(denied.ResultCode, denied.TopicFilter.Topic));
        if (AskedAgain is { } asked)
        {
            // Not the fleet's affair: without it the link is whole.
            var other = await _client.SubscribeAsync(asked.Topic, MqttQualityOfServiceLevel.AtLeastOnce, limit.Token);
            if (other.Items.Any(item => item.ResultCode >= MqttClientSubscribeResultCode.UnspecifiedError)) Log.NotHeard(_logger, asked.Topic);
        }
        var born = await PublishAsync(_topics.Status, Status(Connectivity.Online), true, limit.Token);
        if (born.Verdict != PublishVerdict.Acknowledged) throw new MqttCommunicationException($"it did not take the status: {born.Reason}");
        Problem = null;
        Log.Connected(_logger, broker, result.IsSessionPresent);
        _presence.Enter(LinkState.Connected);
        await SendRetainedAsync(true, limit.Token);
    }

    /// <summary>
    /// The connection before is over, and its end was told: the client tells it from another thread, and told late it would count as the end of the next one,
    /// which then would be opened twice.
    /// </summary>
    private async Task EndedAsync(CancellationToken limited)
    {
        await _client.TryDisconnectAsync();
        if (!_opened) return;
        _opened = false;
        await Volatile.Read(ref _lost).Task.WaitAsync(limited);
    }

    /// <param name="limited">The stop token with the limit of one attempt.</param>
    private async Task<MqttClientConnectResult> OpenAsync(Uri broker, CancellationToken limited, CancellationToken stopping)
    {
        var attempt = MqttConnectOptions.Make(_options, broker, _device, (_topics.Status, Status(Connectivity.Offline)), _time, _events);
        using var own = attempt.Own;
        MqttClientConnectResult result;
        Interlocked.Increment(ref _attempts);
        try
        {
            result = await _client.ConnectAsync(attempt.Options, limited);
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException && !stopping.IsCancellationRequested)
        {
            throw new MqttCommunicationException(ConnectProblem.Describe(e, broker, attempt.Trust?.Distrust, own, _time.GetUtcNow(), _options.Timeout));
        }
        if (result.ResultCode != MqttClientConnectResultCode.Success) throw new MqttCommunicationException(BrokerAnswer.Of(result.ResultCode, result.ReasonString, result.ServerReference));
        _opened = true;
        // 3.1.1 says nothing of either.
        if (_options.Protocol == LinkOptions.Five && result.MaximumQoS == MqttQualityOfServiceLevel.AtMostOnce)
            throw new MqttCommunicationException(BrokerAnswer.Of(MqttClientConnectResultCode.QoSNotSupported, null, null));
        if (_options.Protocol == LinkOptions.Five && !result.RetainAvailable)
            throw new MqttCommunicationException(BrokerAnswer.Of(MqttClientConnectResultCode.RetainNotSupported, null, null));
        return result;
    }

    private async Task LostAsync(Uri broker, CancellationToken cancellationToken)
    {
        var lost = await Volatile.Read(ref _lost).Task.WaitAsync(cancellationToken);
        Fail(broker, BrokerAnswer.Of(lost.Reason, lost.ReasonString ?? lost.Exception?.Message));
    }

    private async Task SendRetainedAsync(bool anew, CancellationToken cancellationToken)
    {
        // A lost connection says it when it is back.
        if (await _retained.SendAsync(anew, cancellationToken) is { } reason) Log.ReportFailed(_logger, reason);
    }

    private ValueTask<PublishOutcome> PublishAsync(string topic, ReadOnlyMemory<byte> payload, bool retain, CancellationToken cancellationToken) =>
        PendingPublish.Start(_path, topic, payload, retain, 0, false, cancellationToken);

    private Task ReceivedAsync(MqttApplicationMessageReceivedEventArgs received)
    {
        var topic = received.ApplicationMessage.Topic;
        if (topic == AskedAgain?.Topic)
        {
            if (received.ApplicationMessage.ConvertPayloadToString() == AskedAgain.Value.Text) _ = SendRetainedAsync(true, CancellationToken.None);
            return Task.CompletedTask;
        }
        try
        {
            var reader = new Utf8JsonReader(received.ApplicationMessage.Payload);
            if (topic == _topics.TwinDesired)
            {
                if (!received.ApplicationMessage.Payload.IsEmpty && JsonSerializer.Deserialize(ref reader, ContractsJson.Default.TwinDesired) is { } desired) _inbox.Put(desired);
            }
            else if (topic == _topics.Certificate)
            {
                if (JsonSerializer.Deserialize(ref reader, ContractsJson.Default.CertificateAnswer) is { } answer) _inbox.Put(answer);
            }
            else if (JsonSerializer.Deserialize(ref reader, ContractsJson.Default.Command) is { } command)
            {
                // The broker's access list speaks of topics: what a topic allows must be what is done.
                if (topic != _topics.Command(command.Name)) Log.Unreadable(_logger, topic, $"the command in it is named '{command.Name}'");
                else if (!_inbox.Put(command)) Log.CommandDropped(_logger, command.Name);
            }
        }
        catch (JsonException e)
        {
            // Acknowledged all the same: it would never become readable.
            Log.Unreadable(_logger, topic, e.Message);
        }
        return Task.CompletedTask;
    }

    private async Task SayGoodbyeAsync()
    {
        using var limit = new CancellationTokenSource(GoodbyeTimeout);
        try
        {
            if (_client.IsConnected) await PublishAsync(_topics.Status, Status(Connectivity.Offline), true, limit.Token);
            await _client.TryDisconnectAsync();
        }
        catch (OperationCanceledException)
        {
            // The broker sends the will.
        }
        _presence.Enter(LinkState.Disconnected);
    }

    private byte[] Status(Connectivity connectivity) =>
        JsonSerializer.SerializeToUtf8Bytes(_status() with { Connectivity = connectivity }, ContractsJson.Default.DeviceStatus);

    private void Fail(Uri broker, string reason)
    {
        Problem = $"No connection to {broker.Scheme}://{broker.Authority}: {reason}";
        Log.Lost(_logger, Problem);
        _presence.Enter(LinkState.Disconnected);
    }

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Information, "Connected to {Broker}, session kept: {SessionPresent}")]
        public static partial void Connected(ILogger logger, Uri broker, bool sessionPresent);

        [LoggerMessage(2102, LogLevel.Warning, "{Problem}")]
        public static partial void Lost(ILogger logger, string problem);

        [LoggerMessage(2103, LogLevel.Warning, "A message on {Topic} can't be read: {Reason}")]
        public static partial void Unreadable(ILogger logger, string topic, string reason);

        [LoggerMessage(2104, LogLevel.Warning, "Command {Name} was dropped: too many wait already")]
        public static partial void CommandDropped(ILogger logger, string name);

        [LoggerMessage(2105, LogLevel.Warning, "What the device says of itself was not taken: {Reason}")]
        public static partial void ReportFailed(ILogger logger, string reason);

        [LoggerMessage(2108, LogLevel.Warning, "The broker does not let this device read {Topic}: who asks there is not heard")]
        public static partial void NotHeard(ILogger logger, string topic);
    }
}
