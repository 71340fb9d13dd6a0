using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CvOps.Contracts.Identity;

/// <summary>
/// What lets a device in: <c>id.secret.authority</c>. The secret is a private key (ECDSA P-256) that only signs the device's request: it crosses no wire,
/// and the fleet keeps its public half alone. The third part is the SHA-256 of the authority's certificate, so the device knows whom to believe
/// before it has spoken to anybody.
/// </summary>
public sealed record EnrolmentToken(string Id, byte[] Secret, byte[] Authority)
{
    private const int SecretBytes = 32;
    private const int IdLength = 10;
    private const string IdLetters = "abcdefghijkmnpqrstuvwxyz23456789";

    /// <summary>The whole token, for a person to hand over; whoever has it can enrol.</summary>
    public string Text => $"{Id}.{Base64Url.EncodeToString(Secret)}.{Base64Url.EncodeToString(Authority)}";

    /// <param name="publicKey">SubjectPublicKeyInfo, for the fleet to keep.</param>
    public static EnrolmentToken Create(X509Certificate2 authority, out byte[] publicKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        publicKey = key.ExportSubjectPublicKeyInfo();
        return new EnrolmentToken(RandomNumberGenerator.GetString(IdLetters, IdLength), key.ExportParameters(true).D!, Fingerprint(authority));
    }

    /// <exception cref="FormatException">It is no token; the message does not repeat it.</exception>
    public static EnrolmentToken Parse(string text)
    {
        var parts = text.Trim().Split('.');
        if (parts.Length == 3 && Identifier.IsValid(parts[0]) && Decode(parts[1]) is { } secret && Decode(parts[2]) is { } authority) return new EnrolmentToken(parts[0], secret, authority);
        throw new FormatException("This is no enrolment token: it has three parts with dots between them, as 'cvops device token create' prints it. Copy it whole.");
    }

    public bool IsOf(X509Certificate2 authority) => CryptographicOperations.FixedTimeEquals(Authority, Fingerprint(authority));

    /// <returns>The signature over <see cref="EnrolmentProof.ForToken"/>.</returns>
    /// <exception cref="CryptographicException">The secret is no private key.</exception>
    public byte[] Prove(byte[] request)
    {
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Secret });
        return key.SignData(EnrolmentProof.ForToken(Id, request), HashAlgorithmName.SHA256);
    }

    public override string ToString() => Id;

    private static byte[] Fingerprint(X509Certificate2 authority) => SHA256.HashData(authority.RawDataMemory.Span);

    private static byte[]? Decode(string text)
    {
        var bytes = new byte[SecretBytes];
        return Base64Url.IsValid(text, out var length) && length == SecretBytes && Base64Url.DecodeFromUtf8(Encoding.ASCII.GetBytes(text), bytes) == SecretBytes ? bytes : null;
    }
}
