using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Zones;

/// <summary>
/// Who is in one area, since when, and what that came to. A visit goes from an object's first frame inside to its last; it is over when the object has
/// been outside or unseen for the grace. Pure: time comes with each frame. Allocates nothing for an object of a class already seen.
/// </summary>
internal sealed class AreaVisits(AreaOptions options, Anchor anchor)
{
    private readonly Dictionary<long, Visit> _visits = [];
    private readonly Dictionary<string, Tally> _tallies = new(StringComparer.Ordinal);

    private record struct Visit(Tally Tally, DateTimeOffset Began, DateTimeOffset Seen, bool Overstayed);

    /// <summary>Counts of a class since the start; <see cref="LongestSeconds"/> since the last report.</summary>
    internal sealed class Tally(string cls)
    {
        public string Class => cls;

        public int Present { get; set; }

        public long Entered { get; set; }

        public long Left { get; set; }

        public double DwellSeconds { get; set; }

        public double LongestSeconds { get; set; }

        public long Overstayed { get; set; }

        /// <summary>What the last report had counted up to.</summary>
        public (long Entered, long Left, double DwellSeconds, long Overstayed) Said { get; set; }
    }

    public string Name => options.Name;

    /// <summary>By class.</summary>
    public IReadOnlyCollection<Tally> Tallies => _tallies.Values;

    /// <summary>One frame.</summary>
    /// <param name="at">Its capture time.</param>
    /// <param name="width">Of its picture, pixels.</param>
    public void Update(List<Detection> detections, DateTimeOffset at, int width, int height)
    {
        foreach (var detection in detections)
        {
            if (detection.Track is not { } track || !ZoneRule.Counts(options.Classes, detection.Class)) continue;
            if (ZoneRule.Contains(options.Polygon, ZoneRule.AnchorOf(detection, anchor), width, height)) See(track, detection.Class, at);
        }
        foreach (var (track, visit) in _visits)
        {
            if (at - visit.Seen > options.Grace) End(track, visit);
        }
    }

    /// <summary>Ends every visit: what is seen next is another world.</summary>
    public void Clear()
    {
        foreach (var (track, visit) in _visits) End(track, visit);
    }

    /// <summary>What is new since the last report.</summary>
    public IEnumerable<ZoneCount> TakeCounts()
    {
        foreach (var tally in _tallies.Values)
        {
            yield return new ZoneCount(Name, tally.Class, tally.Present, tally.Entered - tally.Said.Entered, tally.Left - tally.Said.Left,
                tally.DwellSeconds - tally.Said.DwellSeconds, tally.LongestSeconds, tally.Overstayed - tally.Said.Overstayed);
            tally.Said = (tally.Entered, tally.Left, tally.DwellSeconds, tally.Overstayed);
            tally.LongestSeconds = 0;
        }
    }

    private void See(long track, string cls, DateTimeOffset at)
    {
        if (!_visits.TryGetValue(track, out var visit))
        {
            if (!_tallies.TryGetValue(cls, out var tally)) _tallies[cls] = tally = new Tally(cls);
            tally.Present++;
            tally.Entered++;
            visit = new Visit(tally, at, at, false);
        }
        visit.Seen = at;
        if (!visit.Overstayed && at - visit.Began > options.DwellLimit)
        {
            visit.Overstayed = true;
            visit.Tally.Overstayed++;
        }
        _visits[track] = visit;
    }

    private void End(long track, in Visit visit)
    {
        _visits.Remove(track);
        var seconds = Math.Max(0, (visit.Seen - visit.Began).TotalSeconds);
        var tally = visit.Tally;
        tally.Present--;
        tally.Left++;
        tally.DwellSeconds += seconds;
        tally.LongestSeconds = Math.Max(tally.LongestSeconds, seconds);
    }
}
