using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CvOps.Contracts.Packages;

/// <summary>
/// Opens <c>.cvmodel</c> files: one pass over the file, digests as it goes, nothing but documents and signatures in memory and never more than
/// <see cref="Limits.PackageOpenBytes"/>. Nothing is written anywhere.
/// </summary>
public static class PackageReader
{
    private static readonly StoredZipForm Form = new("model package", ".cvmodel", Limits.PackageBytes, PackageNames.IsAllowed,
        name => name.EndsWith(".json", StringComparison.Ordinal) ? Limits.PackageDocumentBytes : PackageNames.IsSignature(name) ? Limits.PackageSignatureBytes : null);

    /// <summary>Opens a package and checks that it is whole: form, limits, every entry's digest against the signed statement. Whose signature it is, is <see cref="PackageVerifier"/>'s question.</summary>
    /// <exception cref="PackageException">It is not sound; the sentence names the file and what is wrong.</exception>
    public static ModelPackage Open(string path)
    {
        var content = StoredZipReader.Read(path, Form);
        var entries = content.Entries;
        var signatures = SignedEntries.Take(path, entries, content.Kept, PackageNames.Required);
        var documents = Documents(path, content.Kept);
        if (PackageRule.Problem(documents, entries) is { } problem) throw new PackageException($"{path} is not sound: {problem}");
        SignedEntries.Require(path, signatures, SignedStatement.Create(documents.Manifest, SignedEntries.Resources(entries)));
        return new ModelPackage(path, content.Digest, content.Bytes, entries, documents, signatures);
    }

    private static PackageDocuments Documents(string path, Dictionary<string, byte[]> kept)
    {
        var left = Limits.PackageDocumentTokens;
        return new PackageDocuments(
            Json(kept, PackageNames.Manifest, path, ContractsJson.Default.ModelManifest, ref left), Json(kept, PackageNames.Profile, path, ContractsJson.Default.ReferenceProfile, ref left),
            Json(kept, PackageNames.Golden, path, ContractsJson.Default.GoldenVectors, ref left), Json(kept, PackageNames.Lineage, path, ContractsJson.Default.Lineage, ref left));
    }

    /// <param name="left">Tokens that the documents still to be read may have.</param>
    private static T Json<T>(Dictionary<string, byte[]> kept, string name, string path, JsonTypeInfo<T> type, ref int left)
    {
        try
        {
            var tokens = new Utf8JsonReader(kept[name]);
            while (tokens.Read())
                if (--left < 0) throw new JsonException($"the package's documents have more than the {Limits.PackageDocumentTokens:N0} JSON values, names and brackets allowed");
            return JsonSerializer.Deserialize(kept[name], type) ?? throw new JsonException("it says null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or FormatException or InvalidOperationException)
        {
            throw new PackageException($"{path}: {name} is not understood: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
