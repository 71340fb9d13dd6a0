using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CvOps.Contracts.Packages;

/// <summary><c>profile.json</c>: the world the model was made for, as the agent would have measured it.</summary>
public sealed record ReferenceProfile
{
    public int Format { get; set; } = 1;

    /// <summary>Frames measured.</summary>
    public required long Frames { get; init; }

    public required IReadOnlyDictionary<string, ReferenceHistogram> Histograms { get; init; }

    /// <summary>How often each class was the top one.</summary>
    public required IReadOnlyDictionary<string, long> Classes { get; init; }

    /// <summary>Where the reference lies in the model's embedding space; null for models without an embedding and packages that do not say.</summary>
    public EmbeddingReference? Embedding { get; init; }
}

/// <param name="Edges">Rising, at least 1, at most <see cref="Limits.HistogramBins"/> - 1.</param>
/// <param name="Counts">One more than edges: below the first, between, from the last up.</param>
/// <param name="Mean">Mean of the values counted.</param>
/// <param name="Least">Smallest value counted; null in packages that do not say.</param>
/// <param name="Greatest">Largest value counted; null in packages that do not say.</param>
public sealed record ReferenceHistogram(IReadOnlyList<double> Edges, IReadOnlyList<long> Counts, double Mean, double? Least = null, double? Greatest = null)
{
    /// <summary>First 16 hex digits of the SHA-256 of the edges in round-trip form, comma separated.</summary>
    public static string EdgesIdOf(IEnumerable<double> edges) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(',', edges.Select(e => e.ToString("R", CultureInfo.InvariantCulture))))))[..16];
}
