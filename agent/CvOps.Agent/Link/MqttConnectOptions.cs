using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CvOps.Contracts;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Agent.Link;

/// <summary>One attempt to connect: what the client is told, and what explains a failure.</summary>
/// <param name="Trust">Null without TLS.</param>
/// <param name="Own">This device's certificate; null without one. To be disposed after the attempt.</param>
internal sealed record ConnectAttempt(MqttClientOptions Options, BrokerTrust? Trust, X509Certificate2? Own);

/// <summary>How this device introduces itself to a broker. Made anew for each attempt, so that a renewed certificate is taken up without a restart.</summary>
internal static class MqttConnectOptions
{
    /// <summary>A broker keeps commands so long for a device that is away.</summary>
    private static readonly TimeSpan SessionExpiry = TimeSpan.FromDays(1);

    private const uint PacketOverhead = 64 * 1024;

    /// <summary>MQTTnet's own choice of 8 KB is less than one frame: a line with some delay would stay almost empty.</summary>
    private const int SocketBytes = 256 * 1024;

    /// <summary>Path of a web socket that names none; every broker's default.</summary>
    private const string WebSocketPath = "/mqtt";

    /// <param name="will">What the broker says for a device that is gone, and where; null: nothing.</param>
    /// <exception cref="IOException">A certificate or password file can't be read.</exception>
    /// <exception cref="CryptographicException">It holds no certificate, or a key that does not belong to it.</exception>
    public static ConnectAttempt Make(LinkOptions options, Uri broker, DeviceId device, (string Topic, byte[] Document)? will, TimeProvider time, CloudEventNames? events = null)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(options.Protocol == LinkOptions.Five ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
            .WithClientId(device.Value)
            .WithCleanStart(false)
            .WithKeepAlivePeriod(options.KeepAlive)
            .WithTimeout(options.Timeout);
        if (will is { } last)
            builder.WithWillTopic(last.Topic).WithWillPayload(last.Document).WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).WithWillRetain();
        if (options.Protocol == LinkOptions.Five)
        {
            builder.WithSessionExpiryInterval((uint)SessionExpiry.TotalSeconds)
                .WithReceiveMaximum(64)
                .WithMaximumPacketSize(Limits.MessageBytes + PacketOverhead);
            if (will is not null) builder.WithWillContentType(TopicRule.ContentType);
            foreach (var attribute in (events is null || will is not { } said ? null : new CloudEventProperties(events).Of(said.Topic, said.Document)) ?? []) builder.WithWillUserProperty(attribute.Name, attribute.ValueBuffer);
        }
        if (options.User is { } user) builder.WithCredentials(user, options.PasswordFile is { } file ? Encoding.UTF8.GetBytes(File.ReadLines(file).FirstOrDefault("")) : null);
        if (broker.Scheme is LinkOptions.WebSocketScheme or LinkOptions.SecureWebSocketScheme)
        {
            var uri = broker.AbsolutePath is "/" or "" ? new Uri(broker, WebSocketPath) : broker;
            builder.WithWebSocketServer(webSocket => webSocket.WithUri(uri.AbsoluteUri));
        }
        else
        {
            builder.WithTcpServer(broker.Host, broker.IsDefaultPort || broker.Port < 0 ? null : broker.Port).WithTcpServer(tcp => tcp.BufferSize = SocketBytes);
        }
        if (!LinkOptions.IsSecure(broker)) return new ConnectAttempt(builder.Build(), null, null);

        var authority = new X509Certificate2Collection();
        authority.ImportFromPemFile(options.Ca!);
        var trust = new BrokerTrust(authority, broker.Host, time);
        var own = string.IsNullOrEmpty(options.Certificate) ? null : Pair(options.Certificate, options.Key);
        // The handler decides; the trust chain only has the client send what else it may need to build one.
        builder.WithTlsOptions(tls => tls.UseTls().WithTrustChain(authority).WithCertificateValidationHandler(trust.Accepts)
            .WithClientCertificates(own is null ? [] : [own]).WithRevocationMode(X509RevocationMode.NoCheck).WithTargetHost(broker.Host));
        return new ConnectAttempt(builder.Build(), trust, own);
    }

    private static X509Certificate2 Pair(string certificate, string? key)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (ArgumentException e)
        {
            // That is how .NET puts it; between the two files of a renewal it is so for a moment.
            throw new CryptographicException($"The key '{key}' does not belong to the certificate '{certificate}': {e.Message}", e);
        }
    }
}
