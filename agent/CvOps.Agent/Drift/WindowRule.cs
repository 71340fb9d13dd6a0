namespace CvOps.Agent.Drift;

/// <summary>When a window has seen enough to be reported, and what part of the budget it may use. Pure.</summary>
internal static class WindowRule
{
    /// <summary>Each window of a camera that looks as before is so many times as old as the one before it.</summary>
    private const int Growth = 4;

    /// <param name="sinceChange">Windows reported since the camera was new or had changed.</param>
    public static bool IsDue(DriftOptions options, int sinceChange, long frames, TimeSpan age)
    {
        var patience = Patience(options, sinceChange);
        return frames > 0 && (frames >= options.WindowFrames && age >= patience || age >= (patience > options.WindowAge ? patience : options.WindowAge));
    }

    /// <summary>A camera that looks as before leaves a third of the budget to the moment it does not.</summary>
    /// <param name="changed">What is reported is a change, or its first windows.</param>
    public static bool Fits(DriftOptions options, bool changed, long bytesOfLastHour, int bytes) =>
        bytesOfLastHour + bytes <= (changed ? options.BytesPerHour : options.BytesPerHour * 2L / 3);

    private static TimeSpan Patience(DriftOptions options, int sinceChange)
    {
        var patience = sinceChange == 0 ? TimeSpan.Zero : options.WindowAge;
        for (var i = 1; i < sinceChange && patience < options.QuietAge; i++) patience *= Growth;
        return patience < options.QuietAge ? patience : options.QuietAge;
    }
}
