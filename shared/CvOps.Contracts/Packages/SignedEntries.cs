namespace CvOps.Contracts.Packages;

/// <summary>Holds the entries of a package against what its signers have signed.</summary>
internal static class SignedEntries
{
    /// <summary>Takes the signatures out of the entries, and compares the rest with the statement.</summary>
    /// <param name="required">Entries without which it is no such package.</param>
    /// <returns>At least one, by the order of their keys' ids.</returns>
    /// <exception cref="PackageException">It is unsigned, lacks something, or was altered.</exception>
    public static SignatureBundle[] Take(string path, Dictionary<string, PackageEntry> entries, Dictionary<string, byte[]> kept, IReadOnlyList<string> required)
    {
        var signed = entries.Keys.Where(PackageNames.IsSignature).ToArray();
        if (signed.Length == 0) throw new PackageException($"{path} is unsigned: it has no {PackageNames.SignatureFolder}/KEY.sig.");
        if (signed.Length > Limits.PackageSignatures) throw new PackageException($"{path} has {signed.Length} signatures; {Limits.PackageSignatures} are allowed.");
        foreach (var name in required)
            if (!entries.ContainsKey(name)) throw new PackageException($"{path} has no {name}.");

        var signatures = Array.ConvertAll(signed, name => SignatureBundle.Parse(kept[name]));
        foreach (var name in signed) entries.Remove(name);
        Compare(path, SignedStatement.Resources(signatures[0].Statement), entries);
        if (Array.FindIndex(signatures, signature => PackageNames.Signature(signature.KeyId) != signed[Array.IndexOf(signatures, signature)]) is >= 0 and var wrong)
            throw new PackageException($"{path} was altered: {signed[wrong]} is by another key than its name says.");
        return signatures;
    }

    /// <summary>What a statement says of entries without their signatures.</summary>
    public static (string Name, string Sha256)[] Resources(Dictionary<string, PackageEntry> entries) => [.. entries.Select(entry => (entry.Key, entry.Value.Sha256))];

    /// <exception cref="PackageException">A signature is of something else.</exception>
    public static void Require(string path, SignatureBundle[] signatures, byte[] statement)
    {
        if (signatures.Any(signature => !signature.Statement.AsSpan().SequenceEqual(statement))) throw new PackageException($"{path} was altered: what its signatures sign is not the one statement that its entries make.");
    }

    private static void Compare(string path, Dictionary<string, string> resources, Dictionary<string, PackageEntry> entries)
    {
        foreach (var (name, entry) in entries)
        {
            if (!resources.Remove(name, out var sha256)) throw new PackageException($"{path} holds {name}, which its signed statement does not list.");
            if (sha256 != entry.Sha256) throw new PackageException($"{path} was altered: {name} is not what was signed.");
        }

        if (resources.Count > 0) throw new PackageException($"{path} lacks {StoredZipReader.Shown(resources.Keys.Order(StringComparer.Ordinal).First())}, which its signed statement lists.");
    }
}
