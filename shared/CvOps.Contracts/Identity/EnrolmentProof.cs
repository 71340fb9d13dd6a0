using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CvOps.Contracts.Identity;

/// <summary>What is signed to show who asks for a certificate. Each use begins with words of its own, so that no signature serves for another.</summary>
public static class EnrolmentProof
{
    /// <summary>Signed by a token's key.</summary>
    /// <param name="request">PKCS #10, DER.</param>
    public static byte[] ForToken(string tokenId, byte[] request) => [.. Encoding.ASCII.GetBytes($"cvops enrolment v1\n{tokenId}\n"), .. request];

    /// <summary>Signed by the key of the present certificate.</summary>
    /// <param name="request">PKCS #10, DER.</param>
    public static byte[] ForRenewal(byte[] request) => [.. "cvops renewal v1\n"u8, .. request];

    /// <param name="publicKey">SubjectPublicKeyInfo.</param>
    /// <returns>Whether that key signed it, with SHA-256; false for a key or signature that is none.</returns>
    public static bool Holds(byte[] publicKey, byte[] signed, byte[] signature)
    {
        try
        {
            using var key = PublicKey.CreateFromSubjectPublicKeyInfo(publicKey, out _).GetECDsaPublicKey();
            return key?.VerifyData(signed, signature, HashAlgorithmName.SHA256) == true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
