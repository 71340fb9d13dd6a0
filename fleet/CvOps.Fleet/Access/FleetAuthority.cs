using System.Data.Common;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access;

/// <summary>The authority in the fleet's hands: what signs for devices, and the list of what is revoked.</summary>
internal sealed class FleetAuthority(IOptions<FleetOptions> options, CertificateStore certificates, TimeProvider time) : IDisposable
{
    private readonly Lazy<CertificateAuthority> _authority = new(() => CertificateAuthority.Load(options.Value.Authority!, time));
    private readonly SemaphoreSlim _listing = new(1, 1);
    private DateTimeOffset _listTime;
    private HashSet<string> _listed = [];

    /// <summary>False for a fleet that only knows devices others have enrolled.</summary>
    public bool IsHere => options.Value.Authority is not null;

    /// <exception cref="CryptographicException">The files hold no authority.</exception>
    public CertificateAuthority Authority => _authority.Value;

    public X509Certificate2 Certify(DeviceRequest request) => Authority.Certify(request, options.Value.CertificateLifetime);

    /// <summary>Writes the revocation list anew; brokers take it up on SIGHUP.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public async Task PublishRevocationsAsync(CancellationToken cancel)
    {
        IsListed = false;
        await _listing.WaitAsync(cancel);
        try
        {
            var revoked = await certificates.RevokedAsync(time.GetUtcNow(), cancel);
            (var pem, _listTime) = Authority.RevocationList(revoked, NumberBefore() + 1, _listTime);
            PemFile.WriteCertificate(ListFile, pem);
            _listed = [.. revoked.Select(certificate => certificate.Serial)];
            IsListed = true;
        }
        finally
        {
            _listing.Release();
        }
    }

    /// <summary>Whether the list as this process wrote it has every revocation of the database.</summary>
    public async Task<bool> ListsAllAsync(CancellationToken cancel) => (await certificates.RevokedAsync(time.GetUtcNow(), cancel)).All(certificate => _listed.Contains(certificate.Serial));

    /// <summary>Whether every revocation is in the list.</summary>
    public bool IsListed { get; private set; }

    public string ListFile => options.Value.RevocationList ?? Path.Combine(options.Value.Authority!, BrokerConfig.RevocationFileName);

    /// <summary>Certificates that were issued by hand and lie in the authority's folder become known, so that they can be listed and revoked.</summary>
    public async Task FindIssuedAsync(CancellationToken cancel)
    {
        var found = new List<X509Certificate2>();
        try
        {
            foreach (var file in Directory.EnumerateFiles(options.Value.Authority!, "*.pem"))
                if (Read(file) is { } certificate) found.Add(certificate);
            await certificates.WriteAsync(connection =>
            {
                foreach (var certificate in found) Adopt(connection, certificate);
                return found.Count;
            }, cancel);
        }
        finally
        {
            foreach (var certificate in found) certificate.Dispose();
        }
    }

    /// <summary>Inside a transaction of the caller's.</summary>
    public static void Adopt(DbConnection connection, X509Certificate2 certificate) => CertificateStore.Add(connection, certificate, new DeviceId(IssuedIdentity.NameOf(certificate)),
        Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())), "file", certificate.NotBefore.ToUniversalTime());

    public void Dispose()
    {
        if (_authority.IsValueCreated) _authority.Value.Dispose();
        _listing.Dispose();
    }

    /// <returns>Null for what is no device's good certificate of this authority.</returns>
    private X509Certificate2? Read(string file)
    {
        try
        {
            var certificate = X509CertificateLoader.LoadCertificateFromFile(file);
            if (Authority.Problem(certificate) is null && IssuedIdentity.NameOf(certificate) is var name && Identifier.IsValid(name) && !CertificateAuthority.IsReserved(name)) return certificate;
            certificate.Dispose();
        }
        catch (CryptographicException)
        {
            // The revocation list, say.
        }
        return null;
    }

    private long NumberBefore()
    {
        try
        {
            if (!File.Exists(ListFile)) return 0;
            CertificateRevocationListBuilder.LoadPem(File.ReadAllText(ListFile), out var number);
            return (long)number;
        }
        catch (CryptographicException)
        {
            // Damaged: it is replaced at once, and brokers go by the time in it.
            return 0;
        }
    }
}
