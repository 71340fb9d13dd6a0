using System.Net.WebSockets;

namespace MQTTnet;

/// <summary>MQTT in a web socket, for networks that let nothing else out.</summary>
public sealed class MqttClientWebSocketOptions : IMqttClientChannelOptions
{
    /// <summary>Between two of the web socket's own pings; MQTT's keep-alive goes on beside it.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = WebSocket.DefaultKeepAliveInterval;

    public IDictionary<string, string>? RequestHeaders { get; set; }

    /// <summary>The server answers with one of them.</summary>
    public ICollection<string> SubProtocols { get; set; } = ["mqtt"];

    public MqttClientTlsOptions TlsOptions { get; set; } = new();

    /// <summary><c>ws://host:port/path</c>, or <c>wss://</c>; without a scheme the TLS options decide.</summary>
    public string? Uri { get; set; }

    public override string ToString() => Uri ?? "";
}

public sealed class MqttClientWebSocketOptionsBuilder
{
    private readonly MqttClientWebSocketOptions _options = new();

    public MqttClientWebSocketOptions Build() => _options;

    public MqttClientWebSocketOptionsBuilder WithKeepAliveInterval(TimeSpan keepAliveInterval) => With(options => options.KeepAliveInterval = keepAliveInterval);

    public MqttClientWebSocketOptionsBuilder WithRequestHeaders(IDictionary<string, string> requestHeaders) => With(options => options.RequestHeaders = requestHeaders);

    public MqttClientWebSocketOptionsBuilder WithSubProtocols(ICollection<string> subProtocols) => With(options => options.SubProtocols = subProtocols);

    /// <exception cref="ArgumentException">The scheme is neither ws nor wss.</exception>
    public MqttClientWebSocketOptionsBuilder WithUri(string uri) => new Uri(uri, UriKind.Absolute).Scheme is "ws" or "wss"
        ? With(options => options.Uri = uri)
        : throw new ArgumentException("The scheme of the WebSocket Uri must be ws or wss.", nameof(uri));

    private MqttClientWebSocketOptionsBuilder With(Action<MqttClientWebSocketOptions> set)
    {
        set(_options);
        return this;
    }
}
