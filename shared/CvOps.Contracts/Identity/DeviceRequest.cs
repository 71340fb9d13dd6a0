using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Contracts.Identity;

/// <summary>A device's request for a certificate (PKCS #10, RFC 2986): its id as common name and an ECDSA P-256 key. Nothing else in it is believed.</summary>
/// <param name="Der">As it came.</param>
public sealed record DeviceRequest(DeviceId Device, PublicKey Key, byte[] Der)
{
    /// <summary>Longest request, in characters of PEM; a proper one has about 400.</summary>
    public const int LongestPem = 4096;

    private const string CommonName = "2.5.4.3";
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>SHA-256 of the key, lower-case hex: the same question asked twice is known by it.</summary>
    public string KeyDigest => Convert.ToHexStringLower(SHA256.HashData(Key.ExportSubjectPublicKeyInfo()));

    /// <returns>PEM, signed by the key.</returns>
    public static string Make(DeviceId device, ECDsa key)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(device.Value);
        return new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    /// <exception cref="FormatException">It is no such request, or not signed by its own key; the message is a sentence.</exception>
    public static DeviceRequest Read(string pem)
    {
        if (pem.Length > LongestPem) throw new FormatException($"A certificate request of {pem.Length} characters is more than the {LongestPem} that are read.");
        try
        {
            // Its signature is verified in the loading: whoever asks has the key.
            var request = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256);
            using var key = request.PublicKey.GetECDsaPublicKey() ?? throw new FormatException("The certificate request has no ECDSA key.");
            if (key.ExportParameters(false).Curve.Oid.Value != P256) throw new FormatException("The key of the certificate request is not of the curve P-256.");
            return new DeviceRequest(new DeviceId(NameIn(request.SubjectName)), request.PublicKey, Bytes(pem));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new FormatException($"The certificate request cannot be read: {e.Message}", e);
        }
    }

    /// <returns>The only common name; empty when it is not that simple.</returns>
    internal static string NameIn(X500DistinguishedName subject)
    {
        var parts = subject.EnumerateRelativeDistinguishedNames().ToArray();
        return parts is [{ HasMultipleElements: false } only] && only.GetSingleElementType().Value == CommonName ? only.GetSingleElementValue() ?? "" : "";
    }

    private static byte[] Bytes(string pem)
    {
        var fields = PemEncoding.Find(pem);
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }
}
