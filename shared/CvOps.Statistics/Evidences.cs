namespace CvOps.Statistics;

/// <summary>Evidence values from their natural logarithms.</summary>
public static class Evidences
{
    // A number that JSON can carry: e^700 is about 1e304.
    private const double LargestLog = 700;

    public static double FromLog(double log) => Math.Exp(Math.Min(log, LargestLog));

    /// <summary>Logarithm of the sum of the values; -infinity of nothing.</summary>
    public static double LogSum(params ReadOnlySpan<double> logs) => Special.LogSumExp(logs);
}
