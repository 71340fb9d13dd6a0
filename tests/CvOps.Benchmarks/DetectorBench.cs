using System.Globalization;
using CvOps.Statistics;
using CvOps.Statistics.Change;

namespace CvOps.Benchmarks;

/// <summary>How soon the change detector sees a shift, beside CUSUM.</summary>
internal static class DetectorBench
{
    private const int Cameras = 1000;
    private const int Covariates = 12;

    /// <summary>False alarms a year of the whole fleet.</summary>
    private const double AlarmsAYear = 1;

    private const int Runs = 1000;
    private const double Shift = 2;

    public static Task<IReadOnlyList<Figure>> RunAsync() => Task.FromResult<IReadOnlyList<Figure>>([Delay(500, "a camera's own baseline"), Delay(2000, "a package's profile")]);

    /// <summary>Mean frames until the alarm, one frame a second: the rival hears the values, the detector the counts of windows of one frame.</summary>
    private static Figure Delay(int known, string reference)
    {
        var chance = new Random(20_261_121);
        var years = Cameras * Covariates / AlarmsAYear;
        var limit = Cusum.LimitFor(Shift, years * 365.25 * 86400);
        double ours = 0, theirs = 0;
        for (var run = 0; run < Runs; run++)
        {
            double[] learned = [.. Enumerable.Range(0, known).Select(_ => Normal(chance))];
            var edges = SampleDistances.TailEdges(learned);
            var bets = ChangeBets.OnOrder(Count(edges, learned));
            var shift = run % 2 == 0 ? Shift : -Shift;
            var (cusum, stakes, ratios) = (new Cusum(Shift, limit), new double[bets.Count], new double[bets.Count]);
            var (cusumAt, detectorAt) = (0, 0);
            for (var frame = -200; cusumAt == 0 || detectorAt == 0; frame++)
            {
                var value = Normal(chance) + (frame > 0 ? shift : 0);
                if (cusum.Observe(value) && frame > 0 && cusumAt == 0) cusumAt = frame;
                bets.LogRatios(Count(edges, [value]), ratios);
                for (var k = 0; k < ratios.Length; k++) ratios[k] = Math.Exp(ratios[k]);
                ChangeDetector.Step(stakes, ratios, ChangeDetector.YearsOf(TimeSpan.FromSeconds(1)));
                if (frame > 0 && detectorAt == 0 && stakes.Average() >= years) detectorAt = frame;
            }
            (ours, theirs) = (ours + detectorAt, theirs + cusumAt);
        }
        return Figure.AtMost($"frames to see 2 sigma / CUSUM's, {known} frames known", ours / theirs, 1.3,
            string.Create(CultureInfo.InvariantCulture, $"{theirs / Runs:0.0} frames; {reference}; both: {AlarmsAYear} false alarm a year of {Cameras} cameras"));
    }

    private static long[] Count(double[] edges, double[] values)
    {
        var histogram = new Histogram(edges);
        foreach (var value in values) histogram.Add(value);
        return [.. histogram.Counts];
    }

    private static double Normal(Random chance) => Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
}
