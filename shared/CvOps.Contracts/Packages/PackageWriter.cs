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

    /// <summary>The files <see cref="Golden"/> names: little-endian float32, by entry name.</summary>
    public required IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Tensors { get; init; }

    public Lineage Lineage { get; init; } = new();
}

/// <summary>Writes <c>.cvmodel</c> files.</summary>
public static class PackageWriter
{
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
            if (!PackageNames.IsTensor(name)) throw new PackageException($"'{name}' is no name for a golden tensor: use golden/NAME.f32.");
            entries[name] = tensor;
        }

        var subjects = entries.Select(entry => (entry.Key, Convert.ToHexStringLower(SHA256.HashData(entry.Value.Span))));
        entries[PackageNames.Signature] = PackageSignature.Create(subjects, parts.Manifest, key).ToJson();

        var part = path + ".part";
        try
        {
            using (var file = new FileStream(part, FileMode.Create, FileAccess.Write))
            {
                Pack(file, entries);
                file.Flush(flushToDisk: true);
            }

            // What the reader would refuse is never handed out.
            var digest = PackageReader.Open(part).Digest;
            File.Move(part, path, overwrite: true);
            return digest;
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static void Pack(Stream file, SortedDictionary<string, ReadOnlyMemory<byte>> entries)
    {
        var written = new List<(string Name, uint Crc, uint Size, uint Offset)>();
        foreach (var (name, bytes) in entries)
        {
            if (file.Position + bytes.Length > Limits.PackageBytes) throw new PackageException($"The package would be larger than {Limits.PackageBytes:N0} bytes.");
            var (crc, size) = (Crc32.Of(bytes.Span), (uint)bytes.Length);
            written.Add((name, crc, size, (uint)file.Position));
            file.Write(StoredZip.LocalHeader(name, crc, size));
            file.Write(bytes.Span);
        }

        file.Write(StoredZip.Directory(written, (uint)file.Position));
    }

    private static byte[] Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}
