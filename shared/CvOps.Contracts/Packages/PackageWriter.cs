using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CvOps.Contracts.Packages;

/// <summary>What a package is made of.</summary>
public sealed record ModelPackageParts
{
    public required ModelManifest Manifest { get; init; }

    public required ReadOnlyMemory<byte> Onnx { get; init; }

    public required ReferenceProfile Profile { get; init; }

    public required GoldenVectors Golden { get; init; }

    /// <summary>The files <see cref="Golden"/> names: little-endian rows of what their names' ends say, by entry name.</summary>
    public required IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Tensors { get; init; }

    public Lineage Lineage { get; init; } = new();
}

/// <summary>Writes <c>.cvmodel</c> files, and signs what is written.</summary>
public static class PackageWriter
{
    private const int CopyBytes = 128 * 1024;

    /// <summary>Writes and signs a package. The file appears complete or not at all; the same parts give the same bytes but for the signature.</summary>
    /// <returns>SHA-256 of the file, lower-case hex.</returns>
    /// <exception cref="PackageException">The parts do not make a sound package; the sentence says why.</exception>
    public static string Write(string path, ModelPackageParts parts, ECDsa key)
    {
        var entries = new SortedDictionary<string, ReadOnlyMemory<byte>>(StoredZip.Order)
        {
            [PackageNames.Manifest] = Json(parts.Manifest, ContractsJson.Default.ModelManifest),
            [PackageNames.Onnx] = parts.Onnx,
            [PackageNames.Profile] = Json(parts.Profile, ContractsJson.Default.ReferenceProfile),
            [PackageNames.Golden] = Json(parts.Golden, ContractsJson.Default.GoldenVectors),
            [PackageNames.Lineage] = Json(parts.Lineage, ContractsJson.Default.Lineage),
        };
        foreach (var (name, tensor) in parts.Tensors)
        {
            if (!PackageNames.IsTensor(name)) throw new PackageException($"'{name}' is no name for a golden tensor: use golden/NAME.f32, .f16 or .u8.");
            entries[name] = tensor;
        }

        var statement = SignedStatement.Create(parts.Manifest, [.. entries.Select(entry => (entry.Key, Convert.ToHexStringLower(SHA256.HashData(entry.Value.Span))))]);
        return Replace(path, file =>
        {
            var directory = new List<(string, uint, uint, uint)>();
            foreach (var (name, bytes) in entries) Append(file, directory, name, bytes.Span);
            Finish(file, directory, [SignatureBundle.Create(statement, key)]);
        });
    }

    /// <summary>Signs a package with one more key, or with that key alone. The entries stay byte for byte; the file and so its digest become others.</summary>
    /// <param name="only">The signatures that are there go.</param>
    /// <returns>SHA-256 of the file, lower-case hex: the package's new identity.</returns>
    /// <exception cref="PackageException">The file is no sound package, or has too many signatures.</exception>
    public static string Sign(string path, ECDsa key, bool only)
    {
        var package = PackageReader.Open(path);
        var mine = SignatureBundle.Create(package.Signatures[0].Statement, key);
        var signatures = package.Signatures.Where(other => !only && other.KeyId != mine.KeyId).Append(mine).OrderBy(signature => signature.KeyId, StoredZip.Order).ToArray();
        if (signatures.Length > Limits.PackageSignatures) throw new PackageException($"{path} would have {signatures.Length} signatures; {Limits.PackageSignatures} are allowed. Replace them all with one.");
        return Replace(path, file =>
        {
            // Signatures stand last, so all before them is copied as it is.
            using (var old = File.OpenRead(path)) Copy(old, file, package.Entries.Values.Max(entry => entry.Offset + entry.Size));
            Finish(file, [.. package.Entries.Select(entry => (entry.Key, entry.Value.Crc, (uint)entry.Value.Size, (uint)(entry.Value.Offset - StoredZip.LocalHeaderBytes - entry.Key.Length)))], signatures);
        });
    }

    private static string Replace(string path, Action<FileStream> write)
    {
        var part = path + ".part";
        try
        {
            using (var file = new FileStream(part, FileMode.Create, FileAccess.Write))
            {
                write(file);
                DurableFile.Sync(file);
            }

            // What the reader would refuse is never handed out.
            var digest = PackageReader.Open(part).Digest;
            DurableFile.Replace(part, path);
            return digest;
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static void Finish(FileStream file, List<(string Name, uint Crc, uint Size, uint Offset)> directory, IEnumerable<SignatureBundle> signatures)
    {
        foreach (var signature in signatures) Append(file, directory, PackageNames.Signature(signature.KeyId), signature.ToJson());
        file.Write(StoredZip.Directory(directory, (uint)file.Position));
    }

    private static void Append(FileStream file, List<(string Name, uint Crc, uint Size, uint Offset)> directory, string name, ReadOnlySpan<byte> bytes)
    {
        if (file.Position + bytes.Length > Limits.PackageBytes) throw new PackageException($"The package would be larger than {Limits.PackageBytes:N0} bytes.");
        var (crc, size) = (Crc32.Of(bytes), (uint)bytes.Length);
        directory.Add((name, crc, size, (uint)file.Position));
        file.Write(StoredZip.LocalHeader(name, crc, size));
        file.Write(bytes);
    }

    private static void Copy(FileStream from, FileStream to, long bytes)
    {
        var buffer = new byte[CopyBytes];
        for (var left = bytes; left > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
            from.ReadExactly(part);
            to.Write(part);
            left -= part.Length;
        }
    }

    private static byte[] Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}
