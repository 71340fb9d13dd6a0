using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <summary>What a snapshot consists of, counted entry by entry. Tallies of parts add up.</summary>
internal sealed class SnapshotTally
{
    public const string Golden = "golden";

    private readonly SortedDictionary<string, int> _classes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _splits = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _leftOut = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Kind, string Value), int[]> _slices = [];
    private readonly Dictionary<string, int[]> _light = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _groups = [];

    public int Frames { get; private set; }

    public int Synthetic { get; private set; }

    /// <summary>The name of an entry's split, golden among them.</summary>
    public static string SplitOf(DatasetEntry entry) => entry.Use == FrameUse.Golden ? Golden : Name(entry.Split ?? DatasetSplit.Train);

    public static string Name(DatasetSplit split) => split.ToString().ToLowerInvariant();

    public void Add(DatasetEntry entry)
    {
        Frames++;
        if (entry.Synthetic is not null) Synthetic++;
        if (entry.Class is { } name) _classes[name] = _classes.GetValueOrDefault(name) + 1;
        var split = SplitOf(entry);
        _splits[split] = _splits.GetValueOrDefault(split) + 1;
        if (entry.Group is { } group) _groups.Add(Convert.ToUInt64(group, 16));
        var place = SliceTable.Place(split);
        if (entry is { Device: { } device, Camera: { } camera }) Of(("camera", $"{device}/{camera}"))[place]++;
        foreach (var (label, value) in entry.Labels ?? EmptyLabels) Of((label, value))[place]++;
        if (entry.Brightness is not { } brightness) return;
        if (!_light.TryGetValue(split, out var histogram)) _light[split] = histogram = new int[256];
        histogram[Math.Clamp(brightness, 0, 255)]++;
    }

    public void LeaveOut(string reason) => _leftOut[reason] = _leftOut.GetValueOrDefault(reason) + 1;

    public void Add(SnapshotTally other)
    {
        Frames += other.Frames;
        Synthetic += other.Synthetic;
        Merge(_classes, other._classes);
        Merge(_splits, other._splits);
        Merge(_leftOut, other._leftOut);
        _groups.UnionWith(other._groups);
        foreach (var (slice, counts) in other._slices)
            for (var i = 0; i < counts.Length; i++) Of(slice)[i] += counts[i];
        foreach (var (split, counts) in other._light)
        {
            if (!_light.TryGetValue(split, out var histogram)) _light[split] = histogram = new int[256];
            for (var i = 0; i < counts.Length; i++) histogram[i] += counts[i];
        }
    }

    public DatasetView View(string digest, long bytes, SnapshotRequest request, DateTimeOffset at) => new(digest, request.Name, Frames, _splits.GetValueOrDefault(Golden), _classes, at, request.By)
    {
        Splits = _splits, Groups = _groups.Count, Synthetic = Synthetic, Slices = SliceTable.Of(_slices, _light), LeftOut = _leftOut, Request = request, Bytes = bytes,
    };

    private static readonly IReadOnlyDictionary<string, string> EmptyLabels = new Dictionary<string, string>();

    private int[] Of((string, string) slice)
    {
        if (!_slices.TryGetValue(slice, out var counts)) _slices[slice] = counts = new int[SliceTable.Places];
        return counts;
    }

    private static void Merge(SortedDictionary<string, int> into, SortedDictionary<string, int> from)
    {
        foreach (var (name, count) in from) into[name] = into.GetValueOrDefault(name) + count;
    }
}
