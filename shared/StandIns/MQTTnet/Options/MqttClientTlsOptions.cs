using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace MQTTnet;

public interface IMqttClientCertificatesProvider
{
    X509CertificateCollection GetCertificates();
}

public sealed class DefaultMqttCertificatesProvider(X509Certificate2Collection certificates) : IMqttClientCertificatesProvider
{
    public X509CertificateCollection GetCertificates() => certificates;
}

public sealed class MqttClientCertificateValidationEventArgs(
    X509Certificate? certificate, X509Chain? chain, SslPolicyErrors sslPolicyErrors, IMqttClientChannelOptions clientOptions) : EventArgs
{
    public X509Certificate? Certificate { get; } = certificate;

    public X509Chain? Chain { get; } = chain;

    public IMqttClientChannelOptions ClientOptions { get; } = clientOptions;

    public SslPolicyErrors SslPolicyErrors { get; } = sslPolicyErrors;
}

public sealed class MqttClientTlsOptions
{
    /// <summary>Decides alone whether the server is trusted.</summary>
    public Func<MqttClientCertificateValidationEventArgs, bool>? CertificateValidationHandler { get; set; }

    public bool UseTls { get; set; }

    public bool AllowUntrustedCertificates { get; set; }

    /// <summary>Online by default: a private authority without a revocation list then fails; say NoCheck.</summary>
    public X509RevocationMode RevocationMode { get; set; } = X509RevocationMode.Online;

    public IMqttClientCertificatesProvider? ClientCertificatesProvider { get; set; }

    /// <summary>The name the server's certificate must hold; null: the host connected to.</summary>
    public string? TargetHost { get; set; }

    public SslProtocols SslProtocol { get; set; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>The only roots trusted; null or empty: the system's.</summary>
    public X509Certificate2Collection? TrustChain { get; set; }
}

public sealed class MqttClientTlsOptionsBuilder
{
    private readonly MqttClientTlsOptions _options = new() { UseTls = true };

    public MqttClientTlsOptions Build() => _options;

    public MqttClientTlsOptionsBuilder UseTls(bool useTls = true) => With(options => options.UseTls = useTls);

    public MqttClientTlsOptionsBuilder WithAllowUntrustedCertificates(bool allowUntrustedCertificates = true) =>
        With(options => options.AllowUntrustedCertificates = allowUntrustedCertificates);

    public MqttClientTlsOptionsBuilder WithCertificateValidationHandler(Func<MqttClientCertificateValidationEventArgs, bool> certificateValidationHandler) =>
        With(options => options.CertificateValidationHandler = certificateValidationHandler);

    public MqttClientTlsOptionsBuilder WithClientCertificates(IEnumerable<X509Certificate2> certificates) =>
        WithClientCertificates(new X509Certificate2Collection(certificates.ToArray()));

    public MqttClientTlsOptionsBuilder WithClientCertificates(X509Certificate2Collection certificates) =>
        WithClientCertificatesProvider(new DefaultMqttCertificatesProvider(certificates));

    public MqttClientTlsOptionsBuilder WithClientCertificatesProvider(IMqttClientCertificatesProvider clientCertificatesProvider) =>
        With(options => options.ClientCertificatesProvider = clientCertificatesProvider);

    public MqttClientTlsOptionsBuilder WithRevocationMode(X509RevocationMode revocationMode) => With(options => options.RevocationMode = revocationMode);

    public MqttClientTlsOptionsBuilder WithSslProtocols(SslProtocols sslProtocols) => With(options => options.SslProtocol = sslProtocols);

    public MqttClientTlsOptionsBuilder WithTargetHost(string? targetHost) => With(options => options.TargetHost = targetHost);

    public MqttClientTlsOptionsBuilder WithTrustChain(X509Certificate2Collection chain) => With(options => options.TrustChain = chain);

    private MqttClientTlsOptionsBuilder With(Action<MqttClientTlsOptions> set)
    {
        set(_options);
        return this;
    }
}
