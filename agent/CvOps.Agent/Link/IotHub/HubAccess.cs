using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using Microsoft.Azure.Devices.Client;
using Microsoft.Azure.Devices.Client.Transport.Mqtt;

namespace CvOps.Agent.Link.IotHub;

/// <summary>
/// Which hub, and what proves that we are this device. Read anew for each connection, so that a renewed key or certificate is taken up without a restart.
/// </summary>
internal sealed class HubAccess : IDisposable
{
    private const int RenewalPercent = 15;

    /// <summary>A busy hub answers a connect late.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(60);

    /// <summary>For one request, a frame of some megabytes over a thin line included.</summary>
    private static readonly TimeSpan HttpTimeout = TimeSpan.FromMinutes(5);

    private readonly LinkOptions _options;
    private readonly X509Certificate2? _certificate;
    private readonly X509Certificate2Collection? _authority;
    private readonly IAuthenticationMethod _method;

    /// <exception cref="IOException">A file can't be read, or says nothing useful.</exception>
    /// <exception cref="CryptographicException">It holds no certificate, or a key that does not belong to it.</exception>
    public HubAccess(LinkOptions options, DeviceId device)
    {
        _options = options;
        var hub = options.Iothub!;
        if (options.Ca is { } ca)
        {
            _authority = [];
            _authority.ImportFromPemFile(ca);
        }
        if (hub.ConnectionString is { } path)
        {
            var (connection, problems) = IotHubConnectionString.Read(path);
            if (connection is null) throw new IOException(string.Join("; ", problems));
            Host = connection.Host;
            _method = new DeviceAuthenticationWithRegistrySymmetricKey(device.Value, connection.Key);
            RenewAfter = hub.TokenLifetime * (1 - (RenewalPercent / 100.0));
        }
        else
        {
            Host = hub.Host!;
            _certificate = X509Certificate2.CreateFromPemFile(options.Certificate!, options.Key!);
            _method = new DeviceAuthenticationWithX509Certificate(device.Value, _certificate);
        }
    }

    public string Host { get; }

    /// <summary>When the connection should be made again, with a new token; null: a certificate needs none.</summary>
    public TimeSpan? RenewAfter { get; }

    /// <summary>The caller disposes it.</summary>
    public HttpClient Http()
    {
        var handler = new SocketsHttpHandler { SslOptions = { CertificateRevocationCheckMode = X509RevocationMode.NoCheck } };
        if (_certificate is not null) handler.SslOptions.ClientCertificates = [_certificate];
        if (_authority is not null) handler.SslOptions.RemoteCertificateValidationCallback = Trusts;
        return new HttpClient(handler) { Timeout = HttpTimeout };
    }

    /// <param name="http">Becomes the client's.</param>
    /// <returns>Connects when it is opened, and never again by itself. The caller disposes it.</returns>
    public DeviceClient Client(HttpClient http)
    {
        var settings = new MqttTransportSettings(TransportType.Mqtt_Tcp_Only)
        {
            CleanSession = false,
            KeepAliveInSeconds = Math.Max(1, (int)_options.KeepAlive.TotalSeconds),
            ConnectArrivalTimeout = ConnectTimeout,
        };
        if (_authority is not null) settings.RemoteCertificateValidationCallback = Trusts;
        var client = DeviceClient.Create(Host, _method, [settings], new ClientOptions
        {
            SasTokenTimeToLive = _options.Iothub!.TokenLifetime,
            SasTokenRenewalBuffer = RenewalPercent,
            FileUploadTransportSettings = new Http1TransportSettings { HttpClient = http },
        });
        client.SetRetryPolicy(new NoRetry());
        return client;
    }

    public void Dispose() => _certificate?.Dispose();

    /// <summary>A hub of a private authority: its own name, and that authority alone.</summary>
    private bool Trusts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None) return false;
        using var shown = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        using var own = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        own.ChainPolicy.CustomTrustStore.AddRange(_authority!);
        if (chain is not null) own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return own.Build(shown);
    }
}
