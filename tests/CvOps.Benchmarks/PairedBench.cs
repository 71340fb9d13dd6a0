using System.Globalization;
using CvOps.Statistics;

namespace CvOps.Benchmarks;

/// <summary>
/// Frames that a worse model needs to be told by, both models on the same frames beside each model on frames of its own: the same parts, rates and risk.
/// The unpaired design has as many controls as frames.
/// </summary>
internal static class PairedBench
{
    private const int Runs = 200;
    private const int Most = 60_000;
    private static readonly double LogAt = Math.Log(100);

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        // Shares of frames: both reject, only the challenger, only the champion.
        (double Both, double Challenger, double Champion)[] worlds = [(0.05, 0.03, 0.005), (0.10, 0.04, 0.01), (0.02, 0.03, 0.005)];
        var (pairedTest, unpairedTest, worst, random) = (new PairedRateEvidence(1), new RateComparison(1), 0.0, new Random(21));
        foreach (var (both, challenger, champion) in worlds)
        {
            var (paired, unpaired) = (0L, 0L);
            for (var run = 0; run < Runs; run++)
            {
                paired += Paired(pairedTest, random, both, challenger, champion);
                unpaired += Unpaired(unpairedTest, random, both + challenger, both + champion);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{both + champion:0.0 %} to {both + challenger:0.0 %} of the parts rejected: {paired / (double)Runs:0} frames on the same frames, {unpaired / (double)Runs:0} on frames of its own ({Runs} runs)"));
            worst = Math.Max(worst, paired / (double)unpaired);
        }
        return Task.FromResult<IReadOnlyList<Figure>>([Figure.AtMost("frames needed, both models on the same / on their own", worst, 1 / 3.0, $"the same rates unpaired, as many controls; worst of {worlds.Length}")]);
    }

    private static int Paired(PairedRateEvidence test, Random random, double both, double challenger, double champion)
    {
        var (b, young, old) = (0L, 0L, 0L);
        for (var n = 1; n <= Most; n++)
        {
            var draw = random.NextDouble();
            if (draw < both) b++;
            else if (draw < both + challenger) young++;
            else if (draw < both + challenger + champion) old++;
            else continue;
            if (test.LogEvidence(b, young, old) >= LogAt) return n;
        }
        return Most;
    }

    private static int Unpaired(RateComparison test, Random random, double challenger, double champion)
    {
        var (young, old) = (0L, 0L);
        for (var n = 1; n <= Most; n++)
        {
            if (random.NextDouble() < champion) old++;
            if (random.NextDouble() >= challenger) continue;
            young++;
            // Looked at after every tenth event: the unpaired test is the slow one, and a late look favours it by nothing that matters.
            if (young % 10 == 0 && test.LogEvidence(n, young, n, old) >= LogAt) return n;
        }
        return Most;
    }
}
