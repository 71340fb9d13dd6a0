namespace CvOps.Agent.Actuation;

/// <summary>Which frames show the part that a trigger's edge announced. Pure.</summary>
internal static class TriggerMatchRule
{
    /// <summary>
    /// A frame shows the part whose edge was the last before it was captured: an older part has left by then, and if no frame caught it, none will.
    /// </summary>
    /// <param name="edge">When the part was announced.</param>
    /// <param name="captured">When the frame was captured, on the same clock.</param>
    public static bool Announced(TimeSpan edge, TimeSpan captured, TriggerOptions options) => edge <= captured + options.Early;

    /// <summary>Whether the frame is not too late for the part.</summary>
    public static bool Within(TimeSpan edge, TimeSpan captured, TriggerOptions options) => captured <= edge + options.Window;

    /// <summary>What is known of the part once the frame has been inspected.</summary>
    public static Verdict Merge(Verdict known, Verdict frame, TriggerCapture capture) => capture switch
    {
        TriggerCapture.NextFrame => known == Verdict.Awaited ? frame : known,
        _ => known > frame ? known : frame,
    };
}
