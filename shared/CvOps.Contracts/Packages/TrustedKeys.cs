using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Contracts.Packages;

/// <summary>Public keys whose packages a device or fleet believes. None trusted: every package is refused.</summary>
public sealed class TrustedKeys
{
    private readonly Dictionary<string, TrustedKey> _keys = [];

    public IReadOnlyCollection<string> KeyIds => _keys.Keys;

    /// <summary>Reads every <c>*.pem</c> of a folder: a public key, or a certificate, whose validity then limits the key's.</summary>
    /// <exception cref="PackageException">The folder is missing, or a file in it is no P-256 public key: an unreadable key is never skipped silently.</exception>
    public static TrustedKeys Load(string folder)
    {
        if (!Directory.Exists(folder)) throw new PackageException($"The folder of trusted keys {folder} does not exist: create it and put the public keys of your signers there as .pem files.");
        var keys = new TrustedKeys();
        foreach (var path in Directory.EnumerateFiles(folder, "*.pem").Order(StringComparer.Ordinal)) keys.AddFile(path);
        return keys;
    }

    /// <param name="notAfter">The key is refused from then on; null for never.</param>
    public TrustedKeys Add(ECDsa key, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null)
    {
        _keys[SigningKeys.KeyId(key)] = new TrustedKey(key.ExportSubjectPublicKeyInfo(), notBefore, notAfter);
        return this;
    }

    internal TrustedKey? Find(string keyId) => _keys.GetValueOrDefault(keyId);

    private void AddFile(string path)
    {
        try
        {
            var pem = File.ReadAllText(path);
            if (pem.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal))
            {
                using var certificate = X509Certificate2.CreateFromPem(pem);
                using var held = certificate.GetECDsaPublicKey() ?? throw new CryptographicException("the certificate's key is not ECDSA");
                Add(Checked(held), certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
                return;
            }

            if (pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal)) throw new CryptographicException("it is a private key, which belongs to the signer alone");
            using var key = ECDsa.Create();
            key.ImportFromPem(pem);
            Add(Checked(key));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            throw new PackageException($"{path} holds no P-256 public key to trust: {e.Message}", e);
        }
    }

    private static ECDsa Checked(ECDsa key) => SigningKeys.IsP256(key) ? key : throw new CryptographicException("the curve is not P-256");
}

internal sealed record TrustedKey(byte[] PublicKeyInfo, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter);
