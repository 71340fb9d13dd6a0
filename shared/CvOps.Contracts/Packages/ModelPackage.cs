using System.Security.Cryptography;
using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Packages;

/// <summary>
/// A sound package. Documents are in memory; tensors and the model are read from the file when asked for and checked again then,
/// so a file that is changed after it was opened is noticed.
/// </summary>
public sealed class ModelPackage
{
    private readonly Dictionary<string, PackageEntry> _entries;

    internal ModelPackage(string path, string digest, long bytes, Dictionary<string, PackageEntry> entries, PackageDocuments documents, IReadOnlyList<SignatureBundle> signatures)
    {
        (Path, Digest, Bytes, _entries, Signatures) = (path, digest, bytes, entries, signatures);
        (Manifest, Profile, Golden, Lineage) = documents;
    }

    public string Path { get; }

    /// <summary>SHA-256 of the file, lower-case hex: the model's identity.</summary>
    public string Digest { get; }

    /// <summary>Size of the file.</summary>
    public long Bytes { get; }

    public ModelManifest Manifest { get; }

    public ReferenceProfile Profile { get; }

    public GoldenVectors Golden { get; }

    public Lineage Lineage { get; }

    public ModelRef Ref => new(Manifest.Name, Manifest.Version, Digest);

    /// <summary>Every entry but the signatures, in file order.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <summary>Keys that the package says signed it, in order; only <see cref="PackageVerifier"/> knows whether that is true.</summary>
    public IReadOnlyList<string> KeyIds => [.. Signatures.Select(signature => signature.KeyId)];

    /// <summary>At least one, by the order of their keys' ids; all of one statement.</summary>
    internal IReadOnlyList<SignatureBundle> Signatures { get; }

    internal IReadOnlyDictionary<string, PackageEntry> Entries => _entries;

    /// <summary>The model, read from the file each time: hold on to it rather than ask twice.</summary>
    /// <exception cref="PackageException">The file has changed since it was opened.</exception>
    public ReadOnlyMemory<byte> Onnx => Entry(PackageNames.Onnx);

    /// <summary>Reads an entry from the file.</summary>
    /// <exception cref="PackageException">There is none of that name, or the file has changed since it was opened.</exception>
    public ReadOnlyMemory<byte> Entry(string name)
    {
        if (!_entries.TryGetValue(name, out var entry)) throw new PackageException($"{Path} has no entry {name}.");
        try
        {
            using var file = File.OpenHandle(Path);
            var bytes = new byte[entry.Size];
            for (var at = 0; at < bytes.Length;)
            {
                var read = RandomAccess.Read(file, bytes.AsSpan(at), entry.Offset + at);
                if (read == 0) throw new PackageException($"{Path} has become shorter since it was opened.");
                at += read;
            }

            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != entry.Sha256) throw new PackageException($"{name} in {Path} has changed since the package was opened.");
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PackageException($"{Path} can no longer be read: {e.Message}", e);
        }
    }
}

/// <param name="Offset">Of its first byte in the file.</param>
internal sealed record PackageEntry(long Offset, long Size, uint Crc, string Sha256);

internal sealed record PackageDocuments(ModelManifest Manifest, ReferenceProfile Profile, GoldenVectors Golden, Lineage Lineage);
