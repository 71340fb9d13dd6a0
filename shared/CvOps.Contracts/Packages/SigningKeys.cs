using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CvOps.Contracts.Identity;

namespace CvOps.Contracts.Packages;

/// <summary>Keys that sign packages: ECDSA on P-256.</summary>
public static class SigningKeys
{
    /// <returns>A new key pair; the caller disposes it.</returns>
    public static ECDsa Create() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private const int PemBytes = 64 * 1024;

    /// <summary>Hex digits of a key's id.</summary>
    public const int KeyIdDigits = 16;

    /// <summary>
    /// SHA-256 of the public key as PEM with a line's end, lower-case hex: what <c>sha256sum</c> says of a public key's file, and what the OpenSSF
    /// Model Signing tools write as a bundle's hint. The same for both halves of a pair.
    /// </summary>
    public static string Fingerprint(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Pem(key))));

    /// <summary>First 16 hex digits of the <see cref="Fingerprint"/>: what people see.</summary>
    public static string KeyId(ECDsa key) => KeyId(Fingerprint(key));

    public static bool IsKeyId(string text) => text.Length == KeyIdDigits && text.All(char.IsAsciiHexDigitLower);

    internal static string KeyId(string fingerprint) => fingerprint[..KeyIdDigits];

    /// <summary>Writes the private key as PKCS #8 PEM that only the owner may read (mode 0600). An existing file is replaced at once or not at all.</summary>
    public static void Save(ECDsa key, string path)
    {
        var part = path + ".part";
        File.Delete(part);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(part, options)) writer.Write(key.ExportPkcs8PrivateKeyPem() + "\n");
        File.Move(part, path, overwrite: true);
    }

    /// <summary>Writes the public key as PEM, to be put among a device's trusted keys.</summary>
    public static void SavePublic(ECDsa key, string path) => File.WriteAllText(path, Pem(key));

    /// <summary>Writes the public key as a certificate of its own signing, so that its validity travels with it.</summary>
    public static void SaveCertificate(ECDsa key, string name, DateTimeOffset notBefore, DateTimeOffset notAfter, string path)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        using var certificate = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256).CreateSelfSigned(notBefore, notAfter);
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n");
    }

    /// <returns>The id of the public key in a PEM file, a public key or a certificate.</returns>
    /// <exception cref="CryptographicException">The file holds no P-256 public key, or a private one.</exception>
    /// <exception cref="ArgumentException">It is no PEM file.</exception>
    public static string PublicKeyId(string path)
    {
        using var key = LoadPublic(path).Key;
        return KeyId(key);
    }

    /// <returns>The public key in a PEM file, and its validity if it is a certificate; the caller disposes the key.</returns>
    /// <exception cref="CryptographicException">The file holds no P-256 public key, or a private one.</exception>
    internal static (ECDsa Key, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter) LoadPublic(string path)
    {
        try
        {
            return ReadPublic(path);
        }
        catch (NotSupportedException e)
        {
            throw new CryptographicException($"its curve is known to nobody here ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <returns>The key pair in a PEM file; the caller disposes it.</returns>
    /// <exception cref="PackageException">The file is missing, is open to other users, or holds no P-256 private key.</exception>
    public static ECDsa Load(string path)
    {
        if (SecretFile.Problem(path) is { } problem) throw new PackageException(char.ToUpperInvariant(problem[0]) + problem[1..] + ".");
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            _ = Checked(key);
            _ = key.ExportPkcs8PrivateKey();
            return key;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or CryptographicException)
        {
            key.Dispose();
            throw new PackageException($"{path} holds no P-256 private key to sign with: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static (ECDsa Key, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter) ReadPublic(string path)
    {
        if (new FileInfo(path).Length > PemBytes) throw new CryptographicException($"it is larger than {PemBytes} bytes");
        var pem = File.ReadAllText(path);
        if (pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal)) throw new CryptographicException("it is a private key, which belongs to the signer alone");
        if (pem.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal))
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return (Checked(certificate.GetECDsaPublicKey() ?? throw new CryptographicException("the certificate's key is not ECDSA")), certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch
        {
            key.Dispose();
            throw;
        }

        return (Checked(key), null, null);
    }

    private static string Pem(ECDsa key) => key.ExportSubjectPublicKeyInfoPem() + "\n";

    private static ECDsa Checked(ECDsa key)
    {
        if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == "1.2.840.10045.3.1.7") return key;
        key.Dispose();
        throw new CryptographicException("the curve is not P-256");
    }
}
