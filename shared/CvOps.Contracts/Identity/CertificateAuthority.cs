using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Contracts.Identity;

/// <summary>
/// The fleet's own certificate authority, ECDSA P-256: the broker, the fleet manager and every device have a certificate of it.
/// A device's common name is its id, which is what the broker's access list goes by.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    private const string CertificateFile = "ca.crt";
    private const string KeyFile = "ca.key";
    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(365);

    // Clocks of freshly installed devices are late more often than early.
    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2 _certificate;
    private readonly TimeProvider _time;

    private CertificateAuthority(X509Certificate2 certificate, TimeProvider time) => (_certificate, _time) = (certificate, time);

    public string CertificatePem => _certificate.ExportCertificatePem() + "\n";

    /// <summary>Loads the authority of a folder, or makes one there: <c>ca.crt</c> and <c>ca.key</c> (mode 0600).</summary>
    public static CertificateAuthority LoadOrCreate(string folder, TimeProvider time)
    {
        var (certificateFile, keyFile) = (Path.Combine(folder, CertificateFile), Path.Combine(folder, KeyFile));
        if (!File.Exists(certificateFile) || !File.Exists(keyFile))
        {
            Directory.CreateDirectory(folder);
            using var created = Create(time);
            SecretFile.Write(keyFile, created._certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n");
            File.WriteAllText(certificateFile, created.CertificatePem);
        }
        return new CertificateAuthority(X509Certificate2.CreateFromPemFile(certificateFile, keyFile), time);
    }

    /// <summary>An authority that no file knows of yet.</summary>
    public static CertificateAuthority Create(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=CvOps fleet authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        return new CertificateAuthority(request.CreateSelfSigned(now - Backdating, now + AuthorityLife), time);
    }

    /// <param name="names">DNS names and IP addresses by which clients call the server.</param>
    public IssuedCertificate IssueServer(string commonName, params IReadOnlyList<string> names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        return Issue(commonName, ServerAuthentication, alternatives.Build());
    }

    public IssuedCertificate IssueDevice(DeviceId device) => Issue(device.Value, ClientAuthentication, null);

    /// <summary>For a client that is no device: the fleet manager itself, a telemetry consumer.</summary>
    public IssuedCertificate IssueClient(string commonName) => Issue(Identifier.Check(commonName, "client name"), ClientAuthentication, null);

    public void Dispose() => _certificate.Dispose();

    private IssuedCertificate Issue(string commonName, Oid purpose, X509Extension? alternatives)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([purpose], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (alternatives is not null) request.CertificateExtensions.Add(alternatives);

        // RFC 5280, 4.1.2.2: a positive serial of at most 20 octets.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        var now = _time.GetUtcNow();
        var end = now + CertificateLife < _certificate.NotAfter ? now + CertificateLife : _certificate.NotAfter;
        using var certificate = request.Create(_certificate, now - Backdating, end, serial);
        return new IssuedCertificate(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}

/// <summary>A certificate with its private key, both PEM.</summary>
public sealed record IssuedCertificate(string CertificatePem, string KeyPem)
{
    /// <summary>Writes <c>NAME.crt</c> and <c>NAME.key</c>; only the owner may read the key.</summary>
    public void Save(string folder, string name)
    {
        Directory.CreateDirectory(folder);
        SecretFile.Write(Path.Combine(folder, name + ".key"), KeyPem);
        File.WriteAllText(Path.Combine(folder, name + ".crt"), CertificatePem);
    }
}
