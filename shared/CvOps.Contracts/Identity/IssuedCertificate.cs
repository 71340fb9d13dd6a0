using System.Security.Cryptography.X509Certificates;

namespace CvOps.Contracts.Identity;

/// <summary>A certificate and its private key (PKCS #8), as PEM text.</summary>
public sealed record IssuedCertificate(string CertificatePem, string KeyPem)
{
    /// <summary>Writes <c>{name}.pem</c> and, with mode 0600, <c>{name}.key</c>.</summary>
    public IdentityFiles Save(string folder, string name)
    {
        Directory.CreateDirectory(folder);
        var files = IdentityFiles.In(folder, name);
        PemFile.WriteKey(files.Key, KeyPem);
        PemFile.WriteCertificate(files.Certificate, CertificatePem);
        return files;
    }

    /// <summary>The caller disposes it.</summary>
    public X509Certificate2 ToX509() => X509Certificate2.CreateFromPem(CertificatePem, KeyPem);

    public override string ToString() => nameof(IssuedCertificate);
}

/// <summary>Paths of a certificate and its key.</summary>
public sealed record IdentityFiles(string Certificate, string Key)
{
    public static IdentityFiles In(string folder, string name) => new(Path.Combine(folder, name + ".pem"), Path.Combine(folder, name + ".key"));

    public bool Exist => File.Exists(Certificate) && File.Exists(Key);
}
