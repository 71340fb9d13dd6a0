using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Agent.Link.IotHub;

/// <summary>Whom to believe to be the hub: as the system says, or one private authority alone.</summary>
internal sealed class HubTrust
{
    private readonly X509Certificate2Collection? _authority;

    /// <param name="file">The authority's certificate (PEM); null: the system decides.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="CryptographicException">It holds no certificate.</exception>
    public HubTrust(string? file)
    {
        if (file is null) return;
        _authority = [];
        _authority.ImportFromPemFile(file);
    }

    /// <summary>Null: the system decides.</summary>
    public RemoteCertificateValidationCallback? Callback => _authority is null ? null : Trusts;

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
