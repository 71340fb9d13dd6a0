namespace CvOps.Statistics;

internal static class Evidences
{
    // A number that JSON can carry: e^700 is about 1e304.
    private const double LargestLog = 700;

    public static double FromLog(double log) => Math.Exp(Math.Min(log, LargestLog));
}
