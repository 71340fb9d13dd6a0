using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Fleet.Ingest;

/// <summary>The broker cannot be reached now, or did not take the message.</summary>
internal sealed class LinkDownException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The fleet's one connection to the broker: MQTT 5, TLS with a client certificate, a session the broker keeps while the fleet is away.
/// <see cref="MqttIngest"/> connects and reads; everybody may publish.
/// </summary>
internal sealed class FleetLink : IDisposable
{
    /// <summary>Messages the broker sends before the first of them is acknowledged; what lets many share one transaction.</summary>
    public const int ReceiveMaximum = 2_000;

    /// <summary>MQTTnet's own choice of 8 KB closes the TCP window all the time: 50 messages a second were measured instead of thousands.</summary>
    private const int SocketBytes = 256 * 1024;

    private static readonly TimeSpan SessionKept = TimeSpan.FromDays(7);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private readonly FleetOptions _options;

    public FleetLink(IOptions<FleetOptions> options)
    {
        _options = options.Value;
        Client = new MqttClientFactory().CreateMqttClient();
    }

    public IMqttClient Client { get; }

    public bool IsConnected => Client.IsConnected;

    /// <summary>Called after every connect and subscribe; true when the broker still had the session.</summary>
    public event Func<bool, CancellationToken, Task>? Connected;

    /// <summary>Publishes with QoS 1.</summary>
    /// <exception cref="LinkDownException">There is no connection, or the broker refused.</exception>
    public async Task PublishAsync(string topic, byte[] payload, bool retain, CancellationToken cancel)
    {
        if (!Client.IsConnected) throw new LinkDownException($"There is no connection to the broker {_options.Broker}.");
        var message = new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithRetainFlag(retain)
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
        MqttClientPublishResult result;
        try
        {
            result = await Client.PublishAsync(message, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            throw new LinkDownException($"The broker {_options.Broker} did not acknowledge: {e.Message}", e);
        }
        if (!result.IsSuccess) throw new LinkDownException($"The broker refused {topic}: {result.ReasonCode} {result.ReasonString}");
    }

    /// <summary>Connects and subscribes.</summary>
    /// <param name="former">What a session of an earlier version may still be subscribed to.</param>
    /// <exception cref="LinkDownException">The broker did not let the fleet in; the sentence says why.</exception>
    public async Task ConnectAsync(IReadOnlyCollection<string> subscriptions, IReadOnlyCollection<string> former, CancellationToken cancel)
    {
        try
        {
            var connected = await Client.ConnectAsync(OptionsFor(_options.ClientId), cancel);
            if (connected.ResultCode != MqttClientConnectResultCode.Success) throw new LinkDownException($"The broker {_options.Broker} refused the fleet: {connected.ResultCode} {connected.ReasonString}");
            var subscribe = new MqttClientSubscribeOptionsBuilder();
            foreach (var filter in subscriptions) subscribe.WithTopicFilter(filter, MqttQualityOfServiceLevel.AtLeastOnce);
            var subscribed = await Client.SubscribeAsync(subscribe.Build(), cancel);
            if (subscribed.Items.FirstOrDefault(item => (int)item.ResultCode >= 0x80) is { } refused)
                throw new LinkDownException($"The broker refused the subscription {refused.TopicFilter.Topic}: {refused.ResultCode}");
            // Only now: what comes between two subscriptions would come to nobody.
            var unsubscribe = new MqttClientUnsubscribeOptionsBuilder();
            foreach (var filter in former) unsubscribe.WithTopicFilter(filter);
            await Client.UnsubscribeAsync(unsubscribe.Build(), cancel);
            if (Connected is { } handlers)
                foreach (var handler in handlers.GetInvocationList().Cast<Func<bool, CancellationToken, Task>>()) await handler(connected.IsSessionPresent, cancel);
        }
        catch (Exception e) when (e is not LinkDownException && (e is not OperationCanceledException || !cancel.IsCancellationRequested))
        {
            throw new LinkDownException($"The broker {_options.Broker} cannot be reached: {Reason(e)}", e);
        }
    }

    /// <summary>Of the session under a client id, kept by the broker.</summary>
    public MqttClientOptions OptionsFor(string client) => Options(client).WithCleanStart(false).WithSessionExpiryInterval((uint)SessionKept.TotalSeconds).Build();

    /// <summary>Of a connection that leaves nothing behind.</summary>
    public MqttClientOptions OptionsForALook(string client) => Options(client).WithCleanStart(true).WithSessionExpiryInterval(0).Build();

    /// <summary>Makes the broker forget a session: a clean one takes its place and ends at once.</summary>
    /// <exception cref="LinkDownException">The broker cannot be reached.</exception>
    public async Task EndSessionAsync(string client, CancellationToken cancel)
    {
        using var last = new MqttClientFactory().CreateMqttClient();
        try
        {
            await last.ConnectAsync(OptionsForALook(client), cancel);
            await last.TryDisconnectAsync();
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            throw new LinkDownException($"Session {client} was not ended: {Reason(e)}", e);
        }
    }

    /// <summary>Says goodbye if there is somebody to say it to; the broker keeps the session.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            if (Client.IsConnected) await Client.DisconnectAsync(new MqttClientDisconnectOptions(), patience.Token);
        }
        catch (Exception e) when (e is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException or IOException)
        {
            // The connection broke at the same moment: that is goodbye too.
        }
    }

    public void Dispose() => Client.Dispose();

    /// <summary>With the innermost reason: of a failed TLS handshake the outer ones say only that it failed.</summary>
    private static string Reason(Exception e) =>
        e.GetBaseException().Message is var innermost && e.Message.Contains(innermost, StringComparison.Ordinal) ? e.Message : $"{e.Message} ({innermost})";

    private MqttClientOptionsBuilder Options(string client)
    {
        var broker = new Uri(_options.Broker);
        var secure = broker.Scheme == "mqtts";
        var builder = new MqttClientOptionsBuilder()
            .WithTcpServer(broker.Host, broker.Port > 0 ? broker.Port : secure ? 8883 : 1883)
            .WithTcpServer(tcp => tcp.BufferSize = SocketBytes)
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId(client)
            .WithReceiveMaximum(ReceiveMaximum)
            .WithKeepAlivePeriod(KeepAlive)
            .WithTimeout(Timeout);
        if (secure) builder.WithTlsOptions(ConfigureTls);
        return builder;
    }

    // Read each time: certificates are renewed by replacing the files.
    private void ConfigureTls(MqttClientTlsOptionsBuilder tls)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(_options.Ca!);
        var ours = X509Certificate2.CreateFromPemFile(_options.Certificate!, _options.Key!);
        // Left to the collector: other sessions' connections may be at their handshake with them.
        tls.UseTls().WithClientCertificates([ours]).WithTrustChain(authorities).WithRevocationMode(X509RevocationMode.NoCheck);
    }
}
