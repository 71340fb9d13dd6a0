using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace CvOps.Contracts.Packages.Chunks;

/// <summary>
/// The chunks of a package in file order: what a device compares with the chunks of the packages it has. About fifty bytes a chunk. Nobody signs it
/// and nobody has to: a list that lies makes a file whose digest is not the package's.
/// </summary>
public sealed record ChunkList
{
    public const int DigestBytes = SHA256.HashSizeInBytes;

    /// <summary>Version of this document's form and of the cutter.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; set; } = CurrentFormat;

    /// <summary>SHA-256 of the whole package, lower-case hex.</summary>
    public required string Package { get; init; }

    /// <summary>Average length the package was cut with: whoever looks for the same chunks elsewhere cuts with it too.</summary>
    public required int Average { get; init; }

    /// <summary>Length of each chunk.</summary>
    public required int[] Lengths { get; init; }

    /// <summary>SHA-256 of each chunk, one after the other.</summary>
    public required byte[] Digests { get; init; }

    [JsonIgnore]
    public int Count => Lengths.Length;

    /// <summary>Size of the package.</summary>
    [JsonIgnore]
    public long Bytes => Lengths.Sum(length => (long)length);

    public ReadOnlySpan<byte> DigestOf(int chunk) => Digests.AsSpan(chunk * DigestBytes, DigestBytes);

    /// <summary>Cuts a package; its own digest is taken on the way.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ChunkList Of(Stream package, long bytes, CancellationToken cancellation = default)
    {
        var average = ChunkCutter.AverageFor(bytes);
        var (lengths, digests) = (new List<int>(), new List<byte>());
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ChunkScan.Each(package, average, (_, chunk) =>
        {
            Span<byte> digest = stackalloc byte[DigestBytes];
            SHA256.HashData(chunk, digest);
            whole.AppendData(chunk);
            lengths.Add(chunk.Length);
            digests.AddRange(digest);
        }, cancellation);
        return new ChunkList { Package = Convert.ToHexStringLower(whole.GetHashAndReset()), Average = average, Lengths = [.. lengths], Digests = [.. digests] };
    }

    /// <summary>What is wrong with a list that came from elsewhere, in a sentence; null when it can be used for that package.</summary>
    public string? Problem(string package, long bytes)
    {
        if (Format > CurrentFormat) return $"it has format {Format}; this program reads up to {CurrentFormat}";
        if (Package != package) return $"it is of the package {Package}";
        if (!ChunkCutter.IsAverage(Average)) return $"its average length of {Average} bytes is no power of two in {ChunkCutter.LeastAverage} to {ChunkCutter.LargestAverage}";
        if (Lengths.Length == 0 || Digests.Length != Lengths.Length * DigestBytes) return $"it has {Lengths.Length} lengths and {Digests.Length} bytes of digests";
        if (Lengths.Any(length => length <= 0 || length > ChunkCutter.MostOf(Average))) return $"a chunk is shorter than 1 or longer than {ChunkCutter.MostOf(Average)} bytes";
        return Bytes == bytes ? null : $"its chunks make {Bytes} bytes, the package has {bytes}";
    }

    /// <summary>Most bytes the JSON of a sound list has for a package of that size: what to read before giving up.</summary>
    public static long DocumentBytes(long package) => 4096 + (((package / ChunkCutter.LeastOf(ChunkCutter.AverageFor(package))) + 1) * 64);
}
