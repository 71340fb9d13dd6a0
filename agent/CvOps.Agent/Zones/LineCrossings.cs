using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Zones;

/// <summary>Who crossed one line, and which way. Pure: time comes with each frame. Allocates nothing for an object of a class already seen.</summary>
internal sealed class LineCrossings(LineOptions options, Anchor anchor)
{
    // An object unseen for so long has another number when it comes back.
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private readonly Dictionary<long, Stand> _stands = [];
    private readonly Dictionary<string, Tally> _tallies = new(StringComparer.Ordinal);

    /// <summary>Where an object last was when it was surely on one side.</summary>
    private record struct Stand(bool Right, PixelPoint Point, DateTimeOffset Seen);

    /// <summary>Counts of a class since the start.</summary>
    internal sealed class Tally(string cls)
    {
        public string Class => cls;

        public long In { get; set; }

        public long Out { get; set; }

        /// <summary>What the last report had counted up to.</summary>
        public (long In, long Out) Said { get; set; }
    }

    public string Name => options.Name;

    /// <summary>By class.</summary>
    public IReadOnlyCollection<Tally> Tallies => _tallies.Values;

    /// <summary>One frame.</summary>
    /// <param name="at">Its capture time.</param>
    /// <param name="width">Of its picture, pixels.</param>
    public void Update(List<Detection> detections, DateTimeOffset at, int width, int height)
    {
        var (a, b) = (new PixelPoint(options.From.X * width, options.From.Y * height), new PixelPoint(options.To.X * width, options.To.Y * height));
        foreach (var detection in detections)
        {
            if (detection.Track is not { } track || !ZoneRule.Counts(options.Classes, detection.Class)) continue;
            var point = ZoneRule.AnchorOf(detection, anchor);
            var side = ZoneRule.Side(a, b, point);
            if (Math.Abs(side) <= options.Margin * height) continue;
            var right = side > 0;
            if (_stands.TryGetValue(track, out var stand) && stand.Right != right && ZoneRule.PassesBetween(a, b, stand.Point, point)) Cross(detection.Class, right);
            _stands[track] = new Stand(right, point, at);
        }
        foreach (var (track, stand) in _stands)
        {
            if (at - stand.Seen > Remembered) _stands.Remove(track);
        }
    }

    /// <summary>Forgets who stands where: what is seen next is another world.</summary>
    public void Clear() => _stands.Clear();

    /// <summary>What is new since the last report.</summary>
    public IEnumerable<LineCount> TakeCounts()
    {
        foreach (var tally in _tallies.Values)
        {
            yield return new LineCount(Name, tally.Class, tally.In - tally.Said.In, tally.Out - tally.Said.Out);
            tally.Said = (tally.In, tally.Out);
        }
    }

    private void Cross(string cls, bool right)
    {
        if (!_tallies.TryGetValue(cls, out var tally)) _tallies[cls] = tally = new Tally(cls);
        if (right) tally.In++;
        else tally.Out++;
    }
}
