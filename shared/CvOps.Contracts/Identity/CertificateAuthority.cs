using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Contracts.Identity;

/// <summary>
/// A private authority for a fleet's broker and devices: ECDSA P-256 over SHA-256, files <c>ca.pem</c> and <c>ca.key</c>.
/// A device's common name is its <see cref="DeviceId"/>, which is what the broker knows it by.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>Common name of the fleet's own client certificate; the broker lets it read and write everything.</summary>
    public const string FleetName = "fleet";

    /// <summary>Common name of the certificate for programs that only listen; the broker lets it read what devices say.</summary>
    public const string ReaderName = "reader";

    private const string FileName = "ca";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // RFC 5280, 4.2.1.12
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(730);

    // A device without a battery-backed clock may wake up in the past.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromDays(1);

    private readonly TimeProvider _time;

    private CertificateAuthority(string folder, X509Certificate2 certificate, TimeProvider time)
    {
        CertificatePath = IdentityFiles.In(folder, FileName).Certificate;
        Certificate = certificate;
        _time = time;
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>What everybody needs to trust: the authority's certificate, without its key.</summary>
    public string CertificatePath { get; }

    public static bool Exists(string folder) => IdentityFiles.In(folder, FileName).Exist;

    /// <exception cref="IOException">There is an authority in that folder already; a new one would make every certificate of the old worthless.</exception>
    public static CertificateAuthority Create(string folder, TimeProvider? time = null)
    {
        if (Exists(folder)) throw new IOException($"{folder} holds a certificate authority already.");
        time ??= TimeProvider.System;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=CvOps fleet authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - ClockSlack, now + AuthorityLifetime);
        new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()).Save(folder, FileName);
        return Load(folder, time);
    }

    /// <exception cref="IOException">The files can't be read.</exception>
    /// <exception cref="CryptographicException">They hold no certificate and key that belong together.</exception>
    public static CertificateAuthority Load(string folder, TimeProvider? time = null)
    {
        var files = IdentityFiles.In(folder, FileName);
        return new CertificateAuthority(folder, X509Certificate2.CreateFromPemFile(files.Certificate, files.Key), time ?? TimeProvider.System);
    }

    /// <param name="names">DNS names and IP addresses clients connect to; at least one.</param>
    public IssuedCertificate IssueServer(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count == 0) throw new ArgumentException("A server certificate needs a name.", nameof(names));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        return Issue(names.First(), ServerAuthentication, alternatives.Build());
    }

    /// <summary>Names whose certificates may more than a device's.</summary>
    public static bool IsReserved(string name) => name is FleetName or ReaderName;

    /// <exception cref="ArgumentException">The id is a reserved name, whose certificate may more than a device's.</exception>
    public IssuedCertificate IssueDevice(DeviceId device) => device.Value is "" || IsReserved(device.Value)
        ? throw new ArgumentException($"A device may not be called '{device}': that is one of the fleet's own names.", nameof(device))
        : Issue(device.Value, ClientAuthentication, null);

    /// <summary>A certificate for a key that the device keeps to itself.</summary>
    /// <param name="lifetime">From now; never beyond the authority's own.</param>
    /// <exception cref="ArgumentException">The id is a reserved name, whose certificate may more than a device's.</exception>
    public X509Certificate2 Certify(DeviceRequest request, TimeSpan lifetime)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Device.Value is "" || IsReserved(request.Device.Value)) throw new ArgumentException($"A device may not be called '{request.Device}': that is one of the fleet's own names.", nameof(request));
        return Sign(new CertificateRequest(NameOf(request.Device.Value), request.Key, HashAlgorithmName.SHA256), ClientAuthentication, null, lifetime);
    }

    /// <returns>Why this is no certificate of a device that is good now; null when it is. Revocation is not looked at.</returns>
    public string? Problem(X509Certificate2 device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return IssuedIdentity.Problem(device, Certificate, _time.GetUtcNow());
    }

    /// <summary>
    /// The list of revoked certificates (RFC 5280, 5). It is good from a day ago on, for brokers whose clock is behind, and as long as the authority:
    /// a broker refuses everybody once its list is over.
    /// </summary>
    /// <param name="number">Rises with each list.</param>
    /// <param name="after">Time of the list before; this one is later by a second at least, since brokers go by it.</param>
    /// <returns>PEM, and the time in it.</returns>
    public (string Pem, DateTimeOffset Time) RevocationList(IEnumerable<(string Serial, DateTimeOffset At)> revoked, long number, DateTimeOffset after = default)
    {
        ArgumentNullException.ThrowIfNull(revoked);
        var list = new CertificateRevocationListBuilder();
        foreach (var (serial, at) in revoked) list.AddEntry(Convert.FromHexString(serial), at);
        var time = _time.GetUtcNow() - ClockSlack;
        if (time < after.AddSeconds(1)) time = after.AddSeconds(1);
        return (PemEncoding.WriteString("X509 CRL", list.Build(Certificate, number, Certificate.NotAfter, HashAlgorithmName.SHA256, thisUpdate: time)) + "\n", time);
    }

    /// <summary>A certificate for a client that is no device, such as <see cref="FleetName"/>.</summary>
    public IssuedCertificate IssueClient(string name) => Identifier.IsValid(name)
        ? Issue(name, ClientAuthentication, null)
        : throw new ArgumentException($"'{name}' is no name for a client certificate.", nameof(name));

    public void Dispose() => Certificate.Dispose();

    private IssuedCertificate Issue(string commonName, string usage, X509Extension? alternatives)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(new CertificateRequest(NameOf(commonName), key, HashAlgorithmName.SHA256), usage, alternatives, Lifetime);
        return new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Sign(CertificateRequest request, string usage, X509Extension? alternatives, TimeSpan lifetime)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        if (alternatives is not null) request.CertificateExtensions.Add(alternatives);
        var now = _time.GetUtcNow();
        var end = now + lifetime < Certificate.NotAfter ? now + lifetime : Certificate.NotAfter;
        return request.Create(Certificate, now - ClockSlack < Certificate.NotBefore ? Certificate.NotBefore : now - ClockSlack, end, Serial());
    }

    private static X500DistinguishedName NameOf(string commonName)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        return name.Build();
    }

    /// <summary>128 random bits, positive (RFC 5280, 4.1.2.2).</summary>
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
