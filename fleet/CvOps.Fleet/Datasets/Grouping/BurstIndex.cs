namespace CvOps.Fleet.Datasets.Grouping;

/// <summary>
/// Bursts: frames of one camera, none with a known part, each taken no later than a gap after the one before. A frame that comes in later at a burst's end
/// belongs to it and changes nothing for the others. Keeps only where each burst begins.
/// </summary>
internal sealed class BurstIndex
{
    private readonly Dictionary<(string Device, string Camera), long[]> _starts = [];

    /// <param name="frames">Frames without a part, in any order; times in microseconds.</param>
    /// <param name="gap">Longest time between two frames of a burst, in microseconds; with 0 every frame is alone.</param>
    public BurstIndex(IEnumerable<(string Device, string Camera, long At)> frames, long gap)
    {
        if (gap <= 0) return;
        var times = new Dictionary<(string, string), List<long>>();
        foreach (var (device, camera, at) in frames)
        {
            if (!times.TryGetValue((device, camera), out var list)) times[(device, camera)] = list = [];
            list.Add(at);
        }
        foreach (var (camera, list) in times)
        {
            list.Sort();
            _starts[camera] = [.. list.Where((at, i) => i == 0 || at - list[i - 1] > gap)];
        }
    }

    /// <returns>When the burst began that a frame of this moment is in; null where it is in none.</returns>
    public long? StartOf(string device, string camera, long at)
    {
        if (!_starts.TryGetValue((device, camera), out var starts)) return null;
        var i = Array.BinarySearch(starts, at);
        if (i < 0) i = ~i - 1;
        return i < 0 ? null : starts[i];
    }
}
