using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CvOps.Contracts.Packages;

/// <summary>
/// Opens <c>.cvmodel</c> files: one pass over the file, digests as it goes, nothing but documents and signatures in memory and never more than
/// <see cref="Limits.PackageOpenBytes"/>. Nothing is written anywhere.
/// </summary>
public static class PackageReader
{
    private const int ChunkBytes = 128 * 1024;

    /// <summary>Opens a package and checks that it is whole: form, limits, every entry's digest against the signed statement. Whose signature it is, is <see cref="PackageVerifier"/>'s question.</summary>
    /// <exception cref="PackageException">It is not sound; the sentence names the file and what is wrong.</exception>
    public static ModelPackage Open(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 4096, FileOptions.SequentialScan);
            return Read(file, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PackageException($"{path} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static ModelPackage Read(FileStream file, string path)
    {
        if (file.Length > Limits.PackageBytes) throw new PackageException($"{path} is larger than the {Limits.PackageBytes:N0} bytes a package may have.");
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var input = new HashedInput(file, whole, path);
        var entries = new Dictionary<string, PackageEntry>();
        var kept = new Dictionary<string, byte[]>();
        var directory = new List<(string Name, uint Crc, uint Size, uint Offset)>();
        while (input.Peek() == StoredZip.LocalMagic)
        {
            var start = (uint)file.Position;
            var (name, entry, document) = ReadEntry(input, path, directory.LastOrDefault().Name);
            if (directory.Count == Limits.PackageEntries) throw new PackageException($"{path} has more than the {Limits.PackageEntries} entries a package may have.");
            entries.Add(name, entry);
            directory.Add((name, entry.Crc, (uint)entry.Size, start));
            if (document is not null) kept.Add(name, document);
        }

        if (directory.Count == 0) throw new PackageException($"{path} is no model package: it is not a zip file of the .cvmodel form.");
        if (!StoredZip.Directory(directory, (uint)file.Position).AsSpan().SequenceEqual(input.Rest()))
            throw new PackageException($"{path} was cut, added to or altered: its directory does not fit its entries.");
        return Assemble(path, whole, file.Length, entries, kept);
    }

    private static ModelPackage Assemble(string path, IncrementalHash whole, long bytes, Dictionary<string, PackageEntry> entries, Dictionary<string, byte[]> kept)
    {
        var signed = entries.Keys.Where(PackageNames.IsSignature).ToArray();
        if (signed.Length == 0) throw new PackageException($"{path} is unsigned: it has no {PackageNames.SignatureFolder}/KEY.sig.");
        if (signed.Length > Limits.PackageSignatures) throw new PackageException($"{path} has {signed.Length} signatures; {Limits.PackageSignatures} are allowed.");
        foreach (var name in PackageNames.Required)
            if (!entries.ContainsKey(name)) throw new PackageException($"{path} has no {name}.");

        var signatures = Array.ConvertAll(signed, name => SignatureBundle.Parse(kept[name]));
        foreach (var name in signed) entries.Remove(name);
        Compare(path, SignedStatement.Resources(signatures[0].Statement), entries);
        if (Array.FindIndex(signatures, signature => PackageNames.Signature(signature.KeyId) != signed[Array.IndexOf(signatures, signature)]) is >= 0 and var wrong)
            throw new PackageException($"{path} was altered: {signed[wrong]} is by another key than its name says.");
        var documents = Documents(path, kept);
        if (PackageRule.Problem(documents, entries) is { } problem) throw new PackageException($"{path} is not sound: {problem}");
        var statement = SignedStatement.Create(documents.Manifest, [.. entries.Select(entry => (entry.Key, entry.Value.Sha256))]);
        if (signatures.Any(signature => !signature.Statement.AsSpan().SequenceEqual(statement))) throw new PackageException($"{path} was altered: what its signatures sign is not the one statement that its entries make.");
        return new ModelPackage(path, Convert.ToHexStringLower(whole.GetHashAndReset()), bytes, entries, documents, signatures);
    }

    private static void Compare(string path, Dictionary<string, string> resources, Dictionary<string, PackageEntry> entries)
    {
        foreach (var (name, entry) in entries)
        {
            if (!resources.Remove(name, out var sha256)) throw new PackageException($"{path} holds {name}, which its signed statement does not list.");
            if (sha256 != entry.Sha256) throw new PackageException($"{path} was altered: {name} is not what was signed.");
        }

        if (resources.Count > 0) throw new PackageException($"{path} lacks {Shown(resources.Keys.Order(StringComparer.Ordinal).First())}, which its signed statement lists.");
    }

    private static PackageDocuments Documents(string path, Dictionary<string, byte[]> kept)
    {
        var left = Limits.PackageDocumentTokens;
        return new PackageDocuments(
            Json(kept, PackageNames.Manifest, path, ContractsJson.Default.ModelManifest, ref left), Json(kept, PackageNames.Profile, path, ContractsJson.Default.ReferenceProfile, ref left),
            Json(kept, PackageNames.Golden, path, ContractsJson.Default.GoldenVectors, ref left), Json(kept, PackageNames.Lineage, path, ContractsJson.Default.Lineage, ref left));
    }

    private static (string Name, PackageEntry Entry, byte[]? Document) ReadEntry(HashedInput input, string path, string? previous)
    {
        var head = input.Take(StoredZip.LocalHeaderBytes);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(14));
        var size = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(22));
        var nameBytes = input.Take(BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(26)));
        var name = Encoding.ASCII.GetString(nameBytes);
        if (!PackageNames.IsAllowed(name)) throw new PackageException($"{path} holds '{Shown(name)}', which has no place in a package.");
        if (!StoredZip.LocalHeader(name, crc, size).AsSpan().SequenceEqual([.. head, .. nameBytes]))
            throw new PackageException($"{path} was not written by the CvOps packer, or was altered: the zip header of {name} is not in the one form allowed.");
        if (name == previous) throw new PackageException($"{path} holds {name} twice.");
        if (previous is not null && StoredZip.Order.Compare(name, previous) < 0) throw new PackageException($"{path} was altered: {name} does not stand in order, or stands twice.");
        long? most = name.EndsWith(".json", StringComparison.Ordinal) ? Limits.PackageDocumentBytes : PackageNames.IsSignature(name) ? Limits.PackageSignatureBytes : null;
        if (size > most) throw new PackageException($"{path}: {name} is larger than the {most:N0} bytes it may have.");
        if (size > input.Left) throw new PackageException($"{path} is cut short: {name} is incomplete.");

        var offset = input.Position;
        var document = most is not null ? new byte[size] : null;
        var (sha256, found) = input.Digest(size, document);
        if (found != crc) throw new PackageException($"{path} was altered or damaged: {name} does not fit its checksum.");
        return (name, new PackageEntry(offset, size, crc, sha256), document);
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

    private static string Shown(string name) => name.Length > 80 ? name[..80] + "..." : name;

    /// <summary>The file, read forward once; everything taken goes into the digest of the whole.</summary>
    private sealed class HashedInput(FileStream file, IncrementalHash whole, string path)
    {
        private readonly byte[] _chunk = new byte[Math.Min(file.Length, ChunkBytes)];

        public long Left => file.Length - file.Position;

        public long Position => file.Position;

        public uint Peek()
        {
            if (Left < 4) return 0;
            Span<byte> magic = stackalloc byte[4];
            file.ReadExactly(magic);
            file.Seek(-4, SeekOrigin.Current);
            return BinaryPrimitives.ReadUInt32LittleEndian(magic);
        }

        public byte[] Take(int count)
        {
            if (count > Left) throw new PackageException($"{path} is cut short.");
            var bytes = new byte[count];
            file.ReadExactly(bytes);
            whole.AppendData(bytes);
            return bytes;
        }

        /// <summary>What follows the entries; a directory of the most entries with the longest names stays below this limit.</summary>
        public byte[] Rest() => Left <= Limits.PackageEntries * 256L ? Take((int)Left) : throw new PackageException($"{path} has {Left:N0} bytes after its last entry.");

        public (string Sha256, uint Crc) Digest(long size, byte[]? copy)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var crc = Crc32.Start;
            for (long done = 0; done < size;)
            {
                var part = _chunk.AsSpan(0, (int)Math.Min(_chunk.Length, size - done));
                file.ReadExactly(part);
                hash.AppendData(part);
                whole.AppendData(part);
                crc = Crc32.Update(crc, part);
                if (copy is not null) part.CopyTo(copy.AsSpan((int)done));
                done += part.Length;
            }

            return (Convert.ToHexStringLower(hash.GetHashAndReset()), Crc32.Finish(crc));
        }
    }
}
