namespace CvOps.Agent.Actuation;

/// <summary>When a part is at the ejector. Pure.</summary>
internal static class RejectScheduleRule
{
    /// <param name="part">When and where the part was seen: the trigger's edge or the frame's capture.</param>
    /// <returns>The moment it is at the ejector; of time and position the one that is not asked for is never reached.</returns>
    public static LineMoment DueOf(LineMoment part, RejectOptions options) => options.DelayCounts is { } counts
        ? new LineMoment(TimeSpan.MaxValue, part.Position + counts)
        : new LineMoment(part.At + options.Delay!.Value, long.MaxValue);

    public static bool Reached(LineMoment due, LineMoment now) => now.At >= due.At || now.Position >= due.Position;

    /// <summary>Whether the ejector is driven for a part that has come to it.</summary>
    public static bool Ejects(Verdict verdict, MissedAction missed) => verdict switch
    {
        Verdict.Good => false,
        Verdict.Bad => true,
        _ => missed == MissedAction.Reject,
    };
}
