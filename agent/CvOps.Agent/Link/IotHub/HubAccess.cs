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
    private readonly HubTrust _trust;
    private readonly X509Certificate2? _certificate;
    private readonly IAuthenticationMethod _method;

    private HubAccess(LinkOptions options, HubTrust trust, string host, DeviceId device, string? key, X509Certificate2? certificate)
    {
        (_options, _trust, Host, _certificate) = (options, trust, host, certificate);
        _method = key is not null ? new DeviceAuthenticationWithRegistrySymmetricKey(device.Value, key) : new DeviceAuthenticationWithX509Certificate(device.Value, certificate!);
        RenewAfter = key is not null ? options.Iothub!.TokenLifetime * (1 - (RenewalPercent / 100.0)) : null;
    }

    public string Host { get; }

    /// <summary>When the connection should be made again, with a new token; null: a certificate needs none.</summary>
    public TimeSpan? RenewAfter { get; }

    /// <exception cref="IOException">A file can't be read, or says nothing useful; or the provisioning service knows no hub for this device.</exception>
    /// <exception cref="CryptographicException">A file holds no certificate, or a key that does not belong to it.</exception>
    public static async Task<HubAccess> OpenAsync(LinkOptions options, DeviceId device, HubRegistration registration, CancellationToken cancellationToken)
    {
        var (hub, trust) = (options.Iothub!, new HubTrust(options.Ca));
        if (hub.ConnectionString is { } path)
        {
            var (connection, problems) = IotHubConnectionString.Read(path);
            if (connection is null) throw new IOException(string.Join("; ", problems));
            return new HubAccess(options, trust, connection.Host, device, connection.Key, null);
        }
        var key = hub.SymmetricKey is { } file ? (await File.ReadAllTextAsync(file, cancellationToken)).Trim() : null;
        var certificate = key is null ? X509Certificate2.CreateFromPemFile(options.Certificate!, options.Key!) : null;
        try
        {
            var host = hub.Host ?? await registration.HubAsync(hub, device, key, certificate, trust, cancellationToken);
            return new HubAccess(options, trust, host, device, key, certificate);
        }
        catch
        {
            certificate?.Dispose();
            throw;
        }
    }

    /// <summary>The caller disposes it.</summary>
    public HttpClient Http()
    {
        var handler = new SocketsHttpHandler { SslOptions = { CertificateRevocationCheckMode = X509RevocationMode.NoCheck } };
        if (_certificate is not null) handler.SslOptions.ClientCertificates = [_certificate];
        handler.SslOptions.RemoteCertificateValidationCallback = _trust.Callback;
        return new HttpClient(handler) { Timeout = HttpTimeout };
    }

    /// <param name="http">May become the client's.</param>
    /// <returns>Connects when it is opened, and never again by itself. The caller disposes it.</returns>
    public DeviceClient Client(HttpClient http)
    {
        var settings = new MqttTransportSettings(TransportType.Mqtt_Tcp_Only)
        {
            CleanSession = false,
            KeepAliveInSeconds = Math.Max(1, (int)_options.KeepAlive.TotalSeconds),
            ConnectArrivalTimeout = ConnectTimeout,
            RemoteCertificateValidationCallback = _trust.Callback,
        };
        var client = DeviceClient.Create(Host, _method, [settings], new ClientOptions
        {
            SasTokenTimeToLive = _options.Iothub!.TokenLifetime,
            SasTokenRenewalBuffer = RenewalPercent,
            // Only a private authority needs a client of ours; the SDK's own shows the certificate by itself.
            FileUploadTransportSettings = _trust.Callback is null ? new Http1TransportSettings() : new Http1TransportSettings { HttpClient = http },
        });
        client.SetRetryPolicy(new NoRetry());
        return client;
    }

    public void Dispose() => _certificate?.Dispose();
}
