namespace CvOps.Agent.Capture;

/// <summary>
/// How long to wait before a camera is connected again: doubling, with jitter, so that cameras behind one switch don't return at once. It bears
/// on cameras that answer and then fail; one that does not answer is asked by <see cref="CameraKnock"/> until it does.
/// </summary>
internal static class ReconnectDelay
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <param name="failures">Failures in a row, from 1.</param>
    /// <param name="chance">Uniform, [0, 1).</param>
    /// <returns>Between half and all of 0.2 s * 2^(failures - 1), at most 15 s.</returns>
    public static TimeSpan Of(int failures, double chance)
    {
        var full = Math.Min(Longest.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 10)));
        return TimeSpan.FromSeconds(full * (0.5 + 0.5 * chance));
    }
}
