using System.Net;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace MQTTnet;

public interface IMqttClientChannelOptions
{
    MqttClientTlsOptions TlsOptions { get; }
}

public sealed class MqttClientTcpOptions : IMqttClientChannelOptions
{
    /// <summary>Of the socket, in each direction, in bytes; 0 leaves it to the kernel, which adapts it to the line.</summary>
    public int BufferSize { get; set; }

    public bool NoDelay { get; set; } = true;

    public EndPoint? RemoteEndpoint { get; set; }

    public MqttClientTlsOptions TlsOptions { get; set; } = new();

    public override string ToString() => RemoteEndpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : RemoteEndpoint?.ToString() ?? "";
}

/// <summary>User name and password; asked at every connect, so that an expired token can be replaced.</summary>
public interface IMqttClientCredentialsProvider
{
    string? GetUserName(MqttClientOptions clientOptions);

    byte[]? GetPassword(MqttClientOptions clientOptions);
}

public sealed class MqttClientCredentials(string? userName, byte[]? password = null) : IMqttClientCredentialsProvider
{
    public string? GetUserName(MqttClientOptions clientOptions) => userName;

    public byte[]? GetPassword(MqttClientOptions clientOptions) => password;
}

public sealed class MqttClientOptions
{
    public IMqttClientChannelOptions? ChannelOptions { get; set; }

    /// <summary>MQTT 5's clean start and 3.1.1's clean session.</summary>
    public bool CleanSession { get; set; } = true;

    public string ClientId { get; set; } = Guid.NewGuid().ToString("N");

    public IMqttClientCredentialsProvider? Credentials { get; set; }

    /// <summary>Zero: none.</summary>
    public TimeSpan KeepAlivePeriod { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Largest packet to receive, in bytes; a larger one ends the connection. 0: <see cref="Wire.PacketReader.DefaultLimit"/>.</summary>
    public uint MaximumPacketSize { get; set; }

    public MqttProtocolVersion ProtocolVersion { get; set; } = MqttProtocolVersion.V500;

    /// <summary>Most unacknowledged QoS 1 messages the server may send; bounds what waits for the handlers. 0: not said, 65,535.</summary>
    public ushort ReceiveMaximum { get; set; }

    /// <summary>Seconds a server keeps the session after a disconnect; MQTT 5.</summary>
    public uint SessionExpiryInterval { get; set; }

    /// <summary>False: the server gives no reasons in words; MQTT 5.</summary>
    public bool RequestProblemInformation { get; set; } = true;

    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Topic aliases the server may use; MQTT 5. 0: none.</summary>
    public ushort TopicAliasMaximum { get; set; }

    public List<MqttUserProperty>? UserProperties { get; set; }

    public string? WillContentType { get; set; }

    public byte[]? WillCorrelationData { get; set; }

    /// <summary>Seconds; MQTT 5.</summary>
    public uint WillDelayInterval { get; set; }

    public uint WillMessageExpiryInterval { get; set; }

    public byte[]? WillPayload { get; set; }

    public MqttPayloadFormatIndicator WillPayloadFormatIndicator { get; set; }

    public MqttQualityOfServiceLevel WillQualityOfServiceLevel { get; set; }

    public string? WillResponseTopic { get; set; }

    public bool WillRetain { get; set; }

    /// <summary>Null: no will.</summary>
    public string? WillTopic { get; set; }

    public List<MqttUserProperty>? WillUserProperties { get; set; }
}
