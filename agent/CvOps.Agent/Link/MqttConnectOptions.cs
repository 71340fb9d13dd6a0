using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Agent.Link;

/// <summary>How this device introduces itself to a broker. Made anew for each attempt, so that a renewed certificate is taken up without a restart.</summary>
internal static class MqttConnectOptions
{
    /// <summary>A broker keeps commands so long for a device that is away.</summary>
    private static readonly TimeSpan SessionExpiry = TimeSpan.FromDays(1);

    private const uint PacketOverhead = 64 * 1024;

    /// <summary>MQTTnet's own choice of 8 KB is less than one frame: a line with some delay would stay almost empty.</summary>
    private const int SocketBytes = 256 * 1024;

    /// <exception cref="IOException">A certificate file can't be read.</exception>
    /// <exception cref="CryptographicException">It holds no certificate, or a key that does not belong to it.</exception>
    public static MqttClientOptions Make(LinkOptions options, Uri broker, DeviceId device, string willTopic, byte[] will)
    {
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTcpServer(broker.Host, broker.IsDefaultPort || broker.Port < 0 ? null : broker.Port)
            .WithTcpServer(tcp => tcp.BufferSize = SocketBytes)
            .WithClientId(device.Value)
            .WithCleanStart(false)
            .WithSessionExpiryInterval((uint)SessionExpiry.TotalSeconds)
            .WithKeepAlivePeriod(options.KeepAlive)
            .WithTimeout(options.Timeout)
            .WithReceiveMaximum(64)
            .WithMaximumPacketSize(Limits.MessageBytes + PacketOverhead)
            .WithWillTopic(willTopic)
            .WithWillPayload(will)
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .WithWillRetain();
        if (broker.Scheme == LinkOptions.TlsScheme)
        {
            var authority = new X509Certificate2Collection();
            authority.ImportFromPemFile(options.Ca!);
            var own = X509Certificate2.CreateFromPemFile(options.Certificate!, options.Key!);
            builder.WithTlsOptions(tls => tls.UseTls().WithTrustChain(authority).WithClientCertificates(new X509Certificate2Collection(own))
                .WithRevocationMode(X509RevocationMode.NoCheck).WithTargetHost(broker.Host));
        }
        return builder.Build();
    }
}
