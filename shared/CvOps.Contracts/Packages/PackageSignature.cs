using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CvOps.Contracts.Packages;

/// <summary>
/// <c>signature.json</c>: a DSSE envelope (secure-systems-lab/dsse 1.0) around an in-toto Statement v1 whose subjects are all other entries with
/// their SHA-256; ECDSA P-256 with SHA-256 over the pre-authentication encoding, DER. The envelope has one form only, byte for byte,
/// so that nothing in the file is without meaning. ECDSA draws a random number, so two signatures of the same package differ;
/// everything else in the file is a function of its contents.
/// </summary>
internal sealed record PackageSignature(string KeyId, byte[] Statement, byte[] Signature)
{
    private const string PayloadType = "application/vnd.in-toto+json";
    private const string StatementType = "https://in-toto.io/Statement/v1";
    private const string PredicateType = "urn:cvops:model-package:v1";

    /// <param name="subjects">Entry name and lower-case hex SHA-256, in file order.</param>
    public static PackageSignature Create(IEnumerable<(string Name, string Sha256)> subjects, ModelManifest manifest, ECDsa key)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("_type", StatementType);
            writer.WriteStartArray("subject");
            foreach (var (name, sha256) in subjects)
            {
                writer.WriteStartObject();
                writer.WriteString("name", name);
                writer.WriteStartObject("digest");
                writer.WriteString("sha256", sha256);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("predicateType", PredicateType);
            writer.WriteStartObject("predicate");
            writer.WriteString("name", manifest.Name);
            writer.WriteString("version", manifest.Version);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        var statement = json.ToArray();
        return new PackageSignature(SigningKeys.KeyId(key), statement,
            key.SignData(Encode(statement), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <summary>The envelope's one form. All three values are base64 or hex, so nothing needs escaping.</summary>
    public byte[] ToJson() => Encoding.ASCII.GetBytes(
        $$"""{"payloadType":"{{PayloadType}}","payload":"{{Convert.ToBase64String(Statement)}}","signatures":[{"keyid":"{{KeyId}}","sig":"{{Convert.ToBase64String(Signature)}}"}]}""" + "\n");

    /// <exception cref="PackageException">It is not an envelope in that form.</exception>
    public static PackageSignature Parse(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var first = root.GetProperty("signatures")[0];
            var signature = new PackageSignature(
                first.GetProperty("keyid").GetString() ?? "", root.GetProperty("payload").GetBytesFromBase64(), first.GetProperty("sig").GetBytesFromBase64());
            if (!signature.ToJson().AsSpan().SequenceEqual(json)) throw new FormatException("it is not in the form this signer writes");
            return signature;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new PackageException($"The package's {PackageNames.Signature} is no DSSE envelope with one signature: {e.Message}", e);
        }
    }

    /// <returns>SHA-256 by entry name.</returns>
    /// <exception cref="PackageException">The payload is no statement about a model package.</exception>
    public Dictionary<string, string> Subjects()
    {
        try
        {
            using var document = JsonDocument.Parse(Statement);
            var root = document.RootElement;
            if (root.GetProperty("_type").GetString() != StatementType) throw new FormatException("its type is not in-toto Statement v1");
            if (root.GetProperty("predicateType").GetString() != PredicateType) throw new FormatException($"its predicate is not {PredicateType}");
            var subjects = new Dictionary<string, string>();
            foreach (var subject in root.GetProperty("subject").EnumerateArray())
                subjects.Add(subject.GetProperty("name").GetString() ?? "", subject.GetProperty("digest").GetProperty("sha256").GetString() ?? "");
            return subjects;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new PackageException($"The signed statement is not about a model package: {e.Message}", e);
        }
    }

    public bool IsBy(ECDsa key) => key.VerifyData(Encode(Statement), Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>DSSE's PAE: <c>"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body</c>.</summary>
    internal static byte[] Encode(byte[] statement)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {PayloadType.Length} {PayloadType} {statement.Length} "));
        return [.. head, .. statement];
    }
}
