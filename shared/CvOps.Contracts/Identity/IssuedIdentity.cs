using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Contracts.Identity;

/// <summary>Whether a certificate is what its name says, by a fleet's authority. Pure.</summary>
public static class IssuedIdentity
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";   // RFC 5280, 4.2.1.12

    /// <summary>The common name; empty for a subject that has more than that.</summary>
    public static string NameOf(X509Certificate2 certificate) => DeviceRequest.NameIn(certificate.SubjectName);

    /// <returns>Why this is no client's certificate of that authority which is good at that time, in a sentence; null when it is. Revocation is not looked at.</returns>
    public static string? Problem(X509Certificate2 certificate, X509Certificate2 authority, DateTimeOffset now)
    {
        if (now < certificate.NotBefore || now >= certificate.NotAfter) return $"The certificate of '{NameOf(certificate)}' is good from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}; it is {now:u}.";
        using var chain = new X509Chain
        {
            ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true, VerificationTime = now.UtcDateTime },
        };
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate) ? null : $"The certificate of '{NameOf(certificate)}' does not come from this fleet's authority: {string.Join(", ", chain.ChainStatus.Select(it => it.Status))}.";
    }
}
