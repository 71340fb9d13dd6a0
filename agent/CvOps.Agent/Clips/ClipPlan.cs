using CvOps.Contracts;

namespace CvOps.Agent.Clips;

/// <summary>A clip to be kept.</summary>
/// <param name="Rejects">How many it shows.</param>
internal sealed record PlannedClip(CameraId Camera, int Connection, DateTimeOffset From, DateTimeOffset To, int Rejects);

/// <summary>Which clips rejects come to: those that overlap are one, up to a limit. Pure but for what is planned.</summary>
internal sealed class ClipPlan(ClipOptions options)
{
    /// <summary>A line that rejects everything gets clips of this length, one after the other.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly List<PlannedClip> _clips = [];

    /// <param name="at">When the rejected frame came.</param>
    public void Add(CameraId camera, int connection, DateTimeOffset at)
    {
        var (from, to) = (at - options.Before, at + options.After);
        var last = _clips.FindLastIndex(clip => clip.Camera == camera);
        if (last >= 0 && _clips[last] is var open && open.Connection == connection && from <= open.To && to - open.From <= Longest)
        {
            _clips[last] = open with { To = to > open.To ? to : open.To, Rejects = open.Rejects + 1 };
        }
        else
        {
            // What the clip before shows already is not shown twice.
            if (last >= 0 && _clips[last].Connection == connection && from < _clips[last].To) from = _clips[last].To < at ? _clips[last].To : at;
            _clips.Add(new PlannedClip(camera, connection, from, to, 1));
        }
    }

    /// <summary>Takes the clips whose time is over, with whatever was said to be waited for.</summary>
    public IReadOnlyList<PlannedClip> TakeDue(Func<PlannedClip, bool> isDue)
    {
        PlannedClip[] due = [.. _clips.Where(isDue)];
        foreach (var clip in due) _clips.Remove(clip);
        return due;
    }
}
