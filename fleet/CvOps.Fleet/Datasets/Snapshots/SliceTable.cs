using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <summary>Slices as a snapshot shows them: the largest of each kind, and light in thirds of the snapshot. Pure.</summary>
internal static class SliceTable
{
    /// <summary>Of one kind; cameras may be many thousands.</summary>
    private const int MostOfAKind = 50;

    /// <summary>Grey levels between the darkest and the brightest tenth below which all light is one light.</summary>
    private const int LeastSpread = 20;

    private static readonly string[] Names = ["train", "validation", "test", SnapshotTally.Golden];

    public static int Places => Names.Length;

    public static int Place(string split) => Array.IndexOf(Names, split);

    /// <param name="slices">Frames by split, in the order of <see cref="Place"/>.</param>
    /// <param name="light">Frames by grey level, 0..255, of each split.</param>
    public static IReadOnlyList<DatasetSlice> Of(IReadOnlyDictionary<(string Kind, string Value), int[]> slices, IReadOnlyDictionary<string, int[]> light) =>
    [
        .. slices.GroupBy(slice => slice.Key.Kind, StringComparer.Ordinal).OrderBy(kind => kind.Key == "camera" ? "" : kind.Key, StringComparer.Ordinal)
            .SelectMany(kind => kind.OrderByDescending(slice => slice.Value.Sum()).ThenBy(slice => slice.Key.Value, StringComparer.Ordinal).Take(MostOfAKind))
            .Select(slice => Row(slice.Key.Kind, slice.Key.Value, slice.Value)),
        .. Bands(light),
    ];

    private static IEnumerable<DatasetSlice> Bands(IReadOnlyDictionary<string, int[]> light)
    {
        var all = new int[256];
        foreach (var histogram in light.Values)
            for (var grey = 0; grey < all.Length; grey++) all[grey] += histogram[grey];
        var total = all.Sum();
        if (total < 3 || Level(all, total * 9L / 10) - Level(all, total / 10) < LeastSpread) return [];
        var (low, high) = (Level(all, total / 3), Level(all, total * 2L / 3));
        (string Name, int From, int To)[] bands = [(Text($"dark, below {low}"), 0, low), (Text($"medium, {low} to {high - 1}"), low, high), (Text($"bright, from {high}"), high, all.Length)];
        return bands
            .Select(band => Row("light", band.Name, [.. Names.Select(split => light.TryGetValue(split, out var histogram) ? histogram[band.From..band.To].Sum() : 0)]))
            .Where(slice => slice.Frames > 0);
    }

    /// <summary>The grey level of the picture at that place, from the darkest.</summary>
    private static int Level(int[] histogram, long place)
    {
        var grey = 0;
        for (long below = histogram[0]; below <= place && grey < 255; below += histogram[++grey]) { }
        return grey;
    }

    private static DatasetSlice Row(string kind, string value, int[] counts) =>
        new(kind, value, counts.Sum(), Names.Zip(counts).Where(pair => pair.Second > 0).ToDictionary(pair => pair.First, pair => pair.Second));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
