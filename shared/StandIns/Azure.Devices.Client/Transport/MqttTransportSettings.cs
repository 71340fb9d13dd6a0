using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Microsoft.Azure.Devices.Client.Transport.Mqtt;

public class MqttTransportSettings : ITransportSettings
{
    private readonly TransportType _transportType;

    /// <exception cref="ArgumentOutOfRangeException">Anything but MQTT over TCP.</exception>
    public MqttTransportSettings(TransportType transportType) =>
        _transportType = transportType == TransportType.Mqtt_Tcp_Only
            ? transportType
            : throw new ArgumentOutOfRangeException(nameof(transportType), transportType, "This stand-in speaks MQTT over TCP alone.");

    /// <summary>Longest wait for the hub's answer to CONNECT, which a busy hub delays.</summary>
    public TimeSpan ConnectArrivalTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>False: the hub keeps the session, and with it the subscriptions.</summary>
    public bool CleanSession { get; set; }

    public bool CertificateRevocationCheck { get; set; }

    public int KeepAliveInSeconds { get; set; } = 300;

    /// <summary>Decides alone whether the hub's certificate is trusted; null: the system decides.</summary>
    public RemoteCertificateValidationCallback? RemoteCertificateValidationCallback { get; set; }

    public X509Certificate? ClientCertificate { get; set; }

    public TimeSpan DefaultReceiveTimeout { get; set; } = TimeSpan.FromMinutes(1);

    public IWebProxy? Proxy { get; set; }

    public TransportType GetTransportType() => _transportType;
}
