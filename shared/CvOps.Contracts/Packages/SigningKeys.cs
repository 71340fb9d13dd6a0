using System.Security.Cryptography;

namespace CvOps.Contracts.Packages;

/// <summary>Keys that sign packages: ECDSA on P-256.</summary>
public static class SigningKeys
{
    /// <returns>A new key pair; the caller disposes it.</returns>
    public static ECDsa Create() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>First 16 hex digits of the SHA-256 of the SubjectPublicKeyInfo (RFC 5280): the same for both halves of a pair.</summary>
    public static string KeyId(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

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
    public static void SavePublic(ECDsa key, string path) => File.WriteAllText(path, key.ExportSubjectPublicKeyInfoPem() + "\n");

    /// <returns>The key pair in a PEM file; the caller disposes it.</returns>
    /// <exception cref="PackageException">The file is missing or holds no P-256 private key.</exception>
    public static ECDsa Load(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (!IsP256(key)) throw new CryptographicException("the curve is not P-256");
            _ = key.ExportPkcs8PrivateKey();
            return key;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new PackageException($"{path} holds no P-256 private key to sign with: {e.Message}", e);
        }
    }

    internal static bool IsP256(ECDsa key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == "1.2.840.10045.3.1.7";
}
