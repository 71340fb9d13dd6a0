using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CvOps.Contracts.Packages;

/// <summary>
/// <c>signatures/KEY.sig</c>, one for each signer: a Sigstore bundle v0.3 as the OpenSSF Model Signing specification 1.0 wants it for its method
/// <c>key</c>: a DSSE envelope (secure-systems-lab/dsse 1.0) around a <see cref="SignedStatement"/>, ECDSA P-256 with SHA-256 over the
/// pre-authentication encoding, DER. A Sigstore bundle holds one signature and names one key; hence a bundle a signer, all of the same statement. It
/// has one form only, byte for byte. ECDSA draws a random number, so two signatures of the same package differ; everything else
/// in a package is a function of its contents.
/// </summary>
/// <param name="Fingerprint">The key's, 64 hex digits: see <see cref="SigningKeys.Fingerprint"/>.</param>
internal sealed record SignatureBundle(string Fingerprint, byte[] Statement, byte[] Signature)
{
    private const string MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private const string PayloadType = "application/vnd.in-toto+json";
    private const int FingerprintDigits = 64;

    public string KeyId => SigningKeys.KeyId(Fingerprint);

    public static SignatureBundle Create(byte[] statement, ECDsa key) => new(
        SigningKeys.Fingerprint(key), statement, key.SignData(Encode(statement), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    /// <summary>The bundle's one form. All values are base64 or hex, so nothing needs escaping.</summary>
    public byte[] ToJson() => Encoding.ASCII.GetBytes(
        $$$"""{"mediaType":"{{{MediaType}}}","verificationMaterial":{"publicKey":{"hint":"{{{Fingerprint}}}"},"tlogEntries":[]},"dsseEnvelope":{"payload":"{{{Convert.ToBase64String(Statement)}}}","payloadType":"{{{PayloadType}}}","signatures":[{"sig":"{{{Convert.ToBase64String(Signature)}}}","keyid":""}]}}""" + "\n");

    /// <exception cref="PackageException">It is not a bundle in that form.</exception>
    public static SignatureBundle Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var envelope = document.RootElement.GetProperty("dsseEnvelope");
            var hint = document.RootElement.GetProperty("verificationMaterial").GetProperty("publicKey").GetProperty("hint").GetString() ?? "";
            if (hint.Length != FingerprintDigits || !hint.All(char.IsAsciiHexDigitLower)) throw new FormatException("its hint is no SHA-256 of a public key");
            var bundle = new SignatureBundle(hint, envelope.GetProperty("payload").GetBytesFromBase64(), envelope.GetProperty("signatures")[0].GetProperty("sig").GetBytesFromBase64());
            return bundle.ToJson().AsSpan().SequenceEqual(json) ? bundle : throw new FormatException("it is not in the form this signer writes");
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new PackageException($"A signature of the package is no Sigstore bundle with one DSSE signature: {e.Message.TrimEnd('.')}.", e);
        }
    }

    public bool IsBy(ECDsa key) => key.VerifyData(Encode(Statement), Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>DSSE's PAE: <c>"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body</c>.</summary>
    private static byte[] Encode(byte[] statement)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {PayloadType.Length} {PayloadType} {statement.Length} "));
        return [.. head, .. statement];
    }
}
