using System.Net;
using System.Text;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace MQTTnet;

public sealed class MqttClientOptionsBuilder
{
    private const int PlainPort = 1883;
    private const int TlsPort = 8883;

    private readonly MqttClientOptions _options = new();
    private MqttClientTcpOptions? _tcp;
    private MqttClientTlsOptions? _tls;
    private (string Host, int? Port)? _server;
    private MqttClientWebSocketOptions? _webSocket;

    /// <exception cref="InvalidOperationException">No server was named.</exception>
    /// <exception cref="NotSupportedException">An option needs MQTT 5.</exception>
    public MqttClientOptions Build()
    {
        _options.ChannelOptions = _tcp is not null || _server is not null ? Tcp() : WebSocket();
        if (_options.ProtocolVersion != MqttProtocolVersion.V500)
        {
            Need5(_options.UserProperties is { Count: > 0 }, nameof(_options.UserProperties));
            Need5(_options.ReceiveMaximum > 0, nameof(_options.ReceiveMaximum));
            Need5(_options.MaximumPacketSize > 0, nameof(_options.MaximumPacketSize));
            Need5(_options.WillContentType is { Length: > 0 }, nameof(_options.WillContentType));
            Need5(_options.WillDelayInterval > 0, nameof(_options.WillDelayInterval));
            Need5(_options.WillMessageExpiryInterval > 0, nameof(_options.WillMessageExpiryInterval));
            Need5(_options.WillPayloadFormatIndicator != MqttPayloadFormatIndicator.Unspecified, nameof(_options.WillPayloadFormatIndicator));
            Need5(_options.WillCorrelationData is { Length: > 0 }, nameof(_options.WillCorrelationData));
            Need5(_options.WillResponseTopic is { Length: > 0 }, nameof(_options.WillResponseTopic));
            Need5(_options.WillUserProperties is { Count: > 0 }, nameof(_options.WillUserProperties));
        }
        return _options;
    }

    public MqttClientOptionsBuilder WithCleanSession(bool value = true) => With(options => options.CleanSession = value);

    public MqttClientOptionsBuilder WithCleanStart(bool value = true) => WithCleanSession(value);

    public MqttClientOptionsBuilder WithClientId(string value) => With(options => options.ClientId = value);

    public MqttClientOptionsBuilder WithCredentials(string? username, string? password) =>
        WithCredentials(username, password is null ? null : Encoding.UTF8.GetBytes(password));

    public MqttClientOptionsBuilder WithCredentials(string? username, byte[]? password = null) => WithCredentials(new MqttClientCredentials(username, password));

    public MqttClientOptionsBuilder WithCredentials(IMqttClientCredentialsProvider credentials) => With(options => options.Credentials = credentials);

    public MqttClientOptionsBuilder WithKeepAlivePeriod(TimeSpan value) => With(options => options.KeepAlivePeriod = value);

    public MqttClientOptionsBuilder WithMaximumPacketSize(uint maximumPacketSize) => With(options => options.MaximumPacketSize = maximumPacketSize);

    public MqttClientOptionsBuilder WithNoKeepAlive() => WithKeepAlivePeriod(TimeSpan.Zero);

    public MqttClientOptionsBuilder WithProtocolVersion(MqttProtocolVersion value) => With(options => options.ProtocolVersion = value);

    public MqttClientOptionsBuilder WithReceiveMaximum(ushort receiveMaximum) => With(options => options.ReceiveMaximum = receiveMaximum);

    public MqttClientOptionsBuilder WithRequestProblemInformation(bool requestProblemInformation = true) =>
        With(options => options.RequestProblemInformation = requestProblemInformation);

    public MqttClientOptionsBuilder WithSessionExpiryInterval(uint sessionExpiryInterval) => With(options => options.SessionExpiryInterval = sessionExpiryInterval);

    public MqttClientOptionsBuilder WithTcpServer(string host, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        _server = (host, port);
        return this;
    }

    public MqttClientOptionsBuilder WithTcpServer(Action<MqttClientTcpOptions> optionsBuilder)
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        optionsBuilder(_tcp ??= new MqttClientTcpOptions());
        return this;
    }

    public MqttClientOptionsBuilder WithTimeout(TimeSpan value) => With(options => options.Timeout = value);

    public MqttClientOptionsBuilder WithTlsOptions(MqttClientTlsOptions tlsOptions)
    {
        _tls = tlsOptions;
        return this;
    }

    public MqttClientOptionsBuilder WithTlsOptions(Action<MqttClientTlsOptionsBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new MqttClientTlsOptionsBuilder();
        configure(builder);
        return WithTlsOptions(builder.Build());
    }

    public MqttClientOptionsBuilder WithTopicAliasMaximum(ushort topicAliasMaximum) => With(options => options.TopicAliasMaximum = topicAliasMaximum);

    public MqttClientOptionsBuilder WithUserProperty(string name, ReadOnlyMemory<byte> value) =>
        With(options => (options.UserProperties ??= []).Add(new MqttUserProperty(name, value)));

    public MqttClientOptionsBuilder WithWebSocketServer(Action<MqttClientWebSocketOptionsBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new MqttClientWebSocketOptionsBuilder();
        configure(builder);
        _webSocket = builder.Build();
        return this;
    }

    public MqttClientOptionsBuilder WithWillContentType(string? willContentType) => With(options => options.WillContentType = willContentType);

    public MqttClientOptionsBuilder WithWillCorrelationData(byte[]? willCorrelationData) => With(options => options.WillCorrelationData = willCorrelationData);

    public MqttClientOptionsBuilder WithWillDelayInterval(uint willDelayInterval) => With(options => options.WillDelayInterval = willDelayInterval);

    public MqttClientOptionsBuilder WithWillMessageExpiryInterval(uint willMessageExpiryInterval) =>
        With(options => options.WillMessageExpiryInterval = willMessageExpiryInterval);

    public MqttClientOptionsBuilder WithWillPayload(byte[]? willPayload) => With(options => options.WillPayload = willPayload);

    public MqttClientOptionsBuilder WithWillPayload(string? willPayload) => WithWillPayload(willPayload is null ? null : Encoding.UTF8.GetBytes(willPayload));

    public MqttClientOptionsBuilder WithWillPayloadFormatIndicator(MqttPayloadFormatIndicator willPayloadFormatIndicator) =>
        With(options => options.WillPayloadFormatIndicator = willPayloadFormatIndicator);

    public MqttClientOptionsBuilder WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel willQualityOfServiceLevel) =>
        With(options => options.WillQualityOfServiceLevel = willQualityOfServiceLevel);

    public MqttClientOptionsBuilder WithWillResponseTopic(string? willResponseTopic) => With(options => options.WillResponseTopic = willResponseTopic);

    public MqttClientOptionsBuilder WithWillRetain(bool willRetain = true) => With(options => options.WillRetain = willRetain);

    public MqttClientOptionsBuilder WithWillTopic(string? willTopic) => With(options => options.WillTopic = willTopic);

    public MqttClientOptionsBuilder WithWillUserProperty(string name, ReadOnlyMemory<byte> value) =>
        With(options => (options.WillUserProperties ??= []).Add(new MqttUserProperty(name, value)));

    private MqttClientTcpOptions Tcp()
    {
        var tcp = _tcp ?? new MqttClientTcpOptions();
        if (_tls is not null) tcp.TlsOptions = _tls;
        if (_server is { } server) tcp.RemoteEndpoint = new DnsEndPoint(server.Host, server.Port ?? (tcp.TlsOptions.UseTls ? TlsPort : PlainPort));
        return tcp;
    }

    private MqttClientWebSocketOptions WebSocket()
    {
        var webSocket = _webSocket ?? throw new InvalidOperationException("A channel must be set.");
        if (_tls is not null) webSocket.TlsOptions = _tls;
        return webSocket;
    }

    private static void Need5(bool used, string feature)
    {
        if (used) throw new NotSupportedException($"Feature {feature} requires MQTT version 5.0.0.");
    }

    private MqttClientOptionsBuilder With(Action<MqttClientOptions> set)
    {
        set(_options);
        return this;
    }
}
