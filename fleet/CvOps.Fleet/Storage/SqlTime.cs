namespace CvOps.Fleet.Storage;

/// <summary>Times in tables: microseconds since 1970 UTC, so that they sort and keep what devices send.</summary>
internal static class SqlTime
{
    public static long Of(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset From(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
