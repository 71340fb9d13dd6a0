using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Exceptions;

namespace MQTTnet.Wire;

/// <summary>TLS over an open connection.</summary>
internal static class TlsTransport
{
    /// <exception cref="MqttCommunicationException">One of the sides does not trust the other; the message says which.</exception>
    public static async Task<Stream> SecureAsync(NetworkStream stream, IMqttClientChannelOptions channel, EndPoint endpoint, CancellationToken cancellationToken)
    {
        var tls = channel.TlsOptions;
        string? distrust = null;
        var authentication = new SslClientAuthenticationOptions
        {
            TargetHost = tls.TargetHost ?? (endpoint as DnsEndPoint)?.Host ?? (endpoint as IPEndPoint)?.Address.ToString(),
            EnabledSslProtocols = tls.SslProtocol,
            ClientCertificates = tls.ClientCertificatesProvider?.GetCertificates(),
            CertificateRevocationCheckMode = tls.RevocationMode,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                var trusted = tls.CertificateValidationHandler?.Invoke(new MqttClientCertificateValidationEventArgs(certificate, chain, errors, channel))
                    ?? (errors == SslPolicyErrors.None || tls.AllowUntrustedCertificates);
                if (!trusted) distrust = Describe(certificate, chain, errors);
                return trusted;
            },
        };
        if (tls.TrustChain is { Count: > 0 } roots)
        {
            authentication.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = tls.RevocationMode };
            authentication.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }
        var secured = new SslStream(stream);
        try
        {
            await secured.AuthenticateAsClientAsync(authentication, cancellationToken);
            return secured;
        }
        catch (AuthenticationException e)
        {
            await secured.DisposeAsync();
            throw new MqttCommunicationException(distrust is null
                ? $"The TLS handshake with {channel} failed: {e.InnerException?.Message ?? e.Message}"
                : $"The server {channel} is not trusted: {distrust}", e);
        }
        catch
        {
            await secured.DisposeAsync();
            throw;
        }
    }

    private static string Describe(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var reasons = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) reasons.Add("it showed no certificate");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) reasons.Add("its certificate is for another name");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            reasons.AddRange((chain?.ChainStatus ?? []).Select(status => status.Status.ToString()).Distinct());
        return $"{(reasons.Count > 0 ? string.Join(", ", reasons) : "the validation handler refused it")} (subject {certificate?.Subject}, issuer {certificate?.Issuer}).";
    }
}
