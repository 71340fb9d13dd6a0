using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Datasets.Quality.Similar;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>
/// Which frames show nearly the same picture: their hashes differ in at most four bits, and their codes, where both have one, hardly at all; pictures of parts on a line
/// look alike to 64 bits, and a defect is small. Two hashes four bits apart agree in one of five stretches of bits, so only frames that share a stretch are compared. Pure.
/// </summary>
internal static class NearPairs
{
    /// <summary>Bits of the hashes that may differ.</summary>
    public const int MostBits = 4;

    /// <summary>Cosine distance of the embeddings.</summary>
    public const double MostDistance = 0.02;

    /// <summary>Frames that share a stretch and are compared with each other; of more only neighbours by hash.</summary>
    private const int MostTogether = 2000;

    private const int Stretches = MostBits + 1;

    private static readonly int MostCodes = (int)(MostDistance * 2 * EmbeddingCode.Steps * EmbeddingCode.Steps);

    /// <returns>Groups of indices, each frame in one at most; those of one file are in it together.</returns>
    public static List<int[]> Groups(IReadOnlyList<CheckedFrame> frames)
    {
        // Every file once: a hundred frames of one picture are one place.
        var files = Enumerable.Range(0, frames.Count).Where(i => frames[i].Trait?.Hash is not null && !frames[i].IsSynthetic).GroupBy(i => frames[i].Image, StringComparer.Ordinal).Select(group => group.ToArray()).ToArray();
        var traits = Array.ConvertAll(files, file => frames[file[0]].Trait!);
        var parent = Enumerable.Range(0, files.Length).ToArray();
        for (var stretch = 0; stretch < Stretches; stretch++)
        {
            var (shift, mask) = (stretch * 13, stretch == Stretches - 1 ? (1UL << 12) - 1 : (1UL << 13) - 1);
            foreach (var together in Enumerable.Range(0, files.Length).GroupBy(i => (traits[i].Hash!.Value >> shift) & mask))
            {
                int[] places = [.. together.OrderBy(i => traits[i].Hash!.Value)];
                for (var i = 0; i < places.Length; i++)
                    for (var j = Math.Max(0, i - MostTogether); j < i; j++)
                        if (Root(parent, places[i]) is var a && Root(parent, places[j]) is var b && a != b && IsNear(traits[places[i]], traits[places[j]])) parent[Math.Max(a, b)] = Math.Min(a, b);
            }
        }
        return [.. Enumerable.Range(0, files.Length).GroupBy(i => Root(parent, i)).Where(group => group.Count() > 1).Select(group => group.SelectMany(i => files[i]).Order().ToArray())];
    }

    public static bool IsNear(PictureTrait one, PictureTrait other) =>
        PerceptualHash.Distance(one.Hash!.Value, other.Hash!.Value) <= MostBits && (one.Code is null || other.Code is null || CodeDistance.Plain(one.Code, other.Code) <= MostCodes);

    private static int Root(int[] parent, int i)
    {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    }
}
