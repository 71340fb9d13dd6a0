using System.Security.Cryptography;
using System.Text.Json;

namespace CvOps.Contracts.Packages;

/// <summary>
/// What is signed: an in-toto Statement v1 with the predicate of the OpenSSF Model Signing specification 1.0 (ossf/model-signing-spec). Its resources
/// are all entries but the signatures, each with its SHA-256; its subject's digest is the SHA-256 over their digests in order (section 6.5).
/// The bytes follow from names and digests alone, so the reader compares where others interpret.
/// </summary>
internal static class SignedStatement
{
    private const string StatementType = "https://in-toto.io/Statement/v1";
    private const string PredicateType = "https://model_signing/signature/v1.0";
    private const string Algorithm = "sha256";

    /// <inheritdoc cref="Create(string, IReadOnlyCollection{ValueTuple{string, string}})"/>
    public static byte[] Create(ModelManifest manifest, IReadOnlyCollection<(string Name, string Sha256)> resources) => Create($"{manifest.Name}-{manifest.Version}", resources);

    /// <param name="subject">What the package is, for people.</param>
    /// <param name="resources">Entry name and lower-case hex SHA-256, in file order, which is the specification's too.</param>
    public static byte[] Create(string subject, IReadOnlyCollection<(string Name, string Sha256)> resources)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("_type", StatementType);
            writer.WriteStartArray("subject");
            writer.WriteStartObject();
            writer.WriteString("name", subject);
            writer.WriteStartObject("digest");
            writer.WriteString(Algorithm, Root(resources));
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteString("predicateType", PredicateType);
            writer.WriteStartObject("predicate");
            WriteSerialization(writer);
            writer.WriteStartArray("resources");
            foreach (var (name, sha256) in resources)
            {
                writer.WriteStartObject();
                writer.WriteString("name", name);
                writer.WriteString("digest", sha256);
                writer.WriteString("algorithm", Algorithm);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    /// <returns>SHA-256 by entry name.</returns>
    /// <exception cref="PackageException">The bytes are no statement about a model.</exception>
    public static Dictionary<string, string> Resources(byte[] statement)
    {
        try
        {
            using var document = JsonDocument.Parse(statement);
            var root = document.RootElement;
            if (root.GetProperty("_type").GetString() != StatementType) throw new FormatException("its type is not in-toto Statement v1");
            if (root.GetProperty("predicateType").GetString() != PredicateType) throw new FormatException($"its predicate is not {PredicateType}");
            var resources = new Dictionary<string, string>();
            foreach (var resource in root.GetProperty("predicate").GetProperty("resources").EnumerateArray())
                resources.Add(resource.GetProperty("name").GetString() ?? "", resource.GetProperty("digest").GetString() ?? "");
            return resources;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new PackageException($"The signed statement is not about a package: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static void WriteSerialization(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("serialization");
        writer.WriteString("method", "files");
        writer.WriteString("hash_type", Algorithm);
        writer.WriteBoolean("allow_symlinks", false);
        // One signer's bundle must not count as an unsigned file to a tool that checks another's.
        writer.WriteStartArray("ignore_paths");
        writer.WriteStringValue(PackageNames.SignatureFolder);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Root(IEnumerable<(string Name, string Sha256)> resources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, sha256) in resources) hash.AppendData(Convert.FromHexString(sha256));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
