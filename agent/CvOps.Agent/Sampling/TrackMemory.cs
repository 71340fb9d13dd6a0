using System.Runtime.InteropServices;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>What one camera's objects and parts were when last seen. Bounded; allocates nothing once it has its size.</summary>
internal sealed class TrackMemory
{
    // Frames without a sight after which an object is forgotten.
    private const long Forgets = 300;

    private readonly Dictionary<long, (string Class, long Frame, long Sightings)> _tracks = [];
    private readonly List<long> _gone = [];
    private (string? Part, string? Class) _part;
    private long _frame;

    /// <summary>Takes a frame in.</summary>
    /// <returns>See <see cref="TemporalRule.Score"/>.</returns>
    public (int Flips, int SeenOnce) Look(Prediction prediction, string? part)
    {
        _frame++;
        var flips = part is not null && _part.Part == part && _part.Class != prediction.Class ? 1 : 0;
        _part = (part, prediction.Class);
        foreach (var detection in prediction.Detections)
        {
            if (detection.Track is not { } track) continue;
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_tracks, track, out var seen);
            if (seen && known.Class != detection.Class) flips++;
            known = (detection.Class, _frame, known.Sightings + 1);
        }
        return (flips, Sweep());
    }

    /// <summary>Another connection or model: objects begin anew.</summary>
    public void Clear()
    {
        _tracks.Clear();
        _part = default;
    }

    private int Sweep()
    {
        var seenOnce = 0;
        foreach (var (track, (_, frame, sightings)) in _tracks)
        {
            if (sightings == 1 && frame == _frame - 1) seenOnce++;
            if (frame < _frame - Forgets) _gone.Add(track);
        }
        foreach (var track in _gone) _tracks.Remove(track);
        _gone.Clear();
        return seenOnce;
    }
}
