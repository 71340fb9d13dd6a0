using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Agent.Link;

/// <summary>Whom the device believes over https: this machine's authorities, and the one of <c>link.ca</c>, which issued the fleet manager's certificate too where a plant has no other.</summary>
internal static class FleetTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // RFC 5280, 4.2.1.12

    /// <param name="authority">PEM; null: the machine's alone. Read at each handshake that needs it, since it may be replaced.</param>
    public static RemoteCertificateValidationCallback With(string? authority) => (_, certificate, chain, errors) =>
        errors == SslPolicyErrors.None
        // Only whose the certificate is may be another authority's word: it still has to name the host.
        || (errors == SslPolicyErrors.RemoteCertificateChainErrors && authority is { Length: > 0 } && certificate is X509Certificate2 shown && IsFrom(authority, shown, chain));

    private static bool IsFrom(string authority, X509Certificate2 shown, X509Chain? sent)
    {
        try
        {
            using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            if (sent is not null)
                foreach (var element in sent.ChainElements) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            return chain.Build(shown);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return false;
        }
    }
}
