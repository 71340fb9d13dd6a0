namespace CvOps.Agent.Capture;

/// <summary>Bounded staleness: a frame that waited too long tells of a part that has gone by.</summary>
internal static class StalenessRule
{
    /// <param name="received">When the frame was read, on the clock of <see cref="TimeProvider.GetTimestamp"/>.</param>
    /// <param name="maxAge">Null for no limit.</param>
    /// <returns>True when the frame, whose turn it is now, is to be dropped and counted.</returns>
    public static bool IsTooOld(long received, TimeSpan? maxAge, TimeProvider time) => maxAge is { } limit && time.GetElapsedTime(received) > limit;
}
