using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>Two rules that fleets live by, looked at as often as the plan's: a z-test at 5 % of failed inferences, and 20 % of them after 100 parts.</summary>
internal sealed class FlightRivals
{
    public const string ZTest = "a 5 % z-test, peeked";
    public const string Threshold = "20 % after 100";

    /// <summary>One-sided.</summary>
    private const double FivePercent = 1.6449;

    /// <summary>Below it a z-test is no test, even to those who peek.</summary>
    private const int Fewest = 30;

    private FlightRival _zTest = new(ZTest, 0);
    private FlightRival _threshold = new(Threshold, 0);

    public IReadOnlyList<FlightRival> Stops => [_zTest, _threshold];

    public void Look(in ArmCounts champion, in ArmCounts challenger, double hours)
    {
        var (n, errors) = (challenger[ArmCounter.Parts], challenger[ArmCounter.Errors]);
        if (_threshold.Stops == 0 && n >= 100 && errors >= 0.2 * n) _threshold = new FlightRival(Threshold, 1, hours, n);
        var (m, others) = (champion[ArmCounter.Parts], champion[ArmCounter.Errors]);
        if (_zTest.Stops > 0 || n < Fewest || m < Fewest || errors + others == 0) return;
        var pooled = (errors + others) / (double)(n + m);
        var deviation = Math.Sqrt(pooled * (1 - pooled) * (1.0 / n + 1.0 / m));
        if (deviation > 0 && (errors / (double)n - others / (double)m) / deviation > FivePercent) _zTest = new FlightRival(ZTest, 1, hours, n);
    }
}
