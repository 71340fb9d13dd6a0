using System.Globalization;
using CvOps.Statistics;

namespace CvOps.Benchmarks;

/// <summary>
/// How soon a rate that got worse is stopped, beside the sequential probability ratio test that is told how bad it is (Wald 1945), and how often one that did
/// not, beside a z-test that is looked at as often. Same streams for all. Every look is taken; as evidence only rises with a bad report, it is reckoned there.
/// </summary>
internal static class SprtBench
{
    private const double Normal = 0.02;
    private const double Risk = 0.01;
    private const int Runs = 4000;
    private const int Rollouts = 10_000;
    private const int Reports = 5000;

    /// <summary>One-sided 5 %.</summary>
    private const double Z = 1.6449;
    private const int FirstZ = 100;

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        var figures = new List<Figure>();
        foreach (var rate in (double[])[0.05, 0.10, 0.20])
        {
            var (random, product, oracle) = (new Random(17), 0L, 0L);
            for (var run = 0; run < Runs; run++)
            {
                var (process, own, told, n) = (new BernoulliEProcess(Normal), 0L, 0L, 0L);
                while (own == 0 || told == 0)
                {
                    var gap = Gap(random, rate);
                    n += gap;
                    process = process.Observe(gap, 1);
                    if (own == 0 && process.LogEvidence >= Math.Log(1 / Risk)) own = n;
                    if (told == 0 && (process.Events * Math.Log(rate / Normal)) + ((n - process.Events) * Math.Log((1 - rate) / (1 - Normal))) >= Math.Log(1 / Risk)) told = n;
                }
                (product, oracle) = (product + own, oracle + told);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Normal:0 %} to {rate:0 %}: {product / (double)Runs:0.0} reports to stop, {oracle / (double)Runs:0.0} by the test that is told the rate; {Runs} runs"));
            figures.Add(Figure.AtMost(string.Create(CultureInfo.InvariantCulture, $"reports to stop, {Normal:0 %} to {rate:0 %} / oracle SPRT"), product / (double)oracle, 1.15, "SPRT that knows the bad rate, same streams"));
        }

        var (quiet, falseStops, falseZ) = (new Random(18), 0, 0);
        for (var rollout = 0; rollout < Rollouts; rollout++)
        {
            var (process, n, stopped, zed) = (new BernoulliEProcess(Normal), 0L, false, false);
            for (var gap = Gap(quiet, Normal); n + gap <= Reports; gap = Gap(quiet, Normal))
            {
                n += gap;
                process = process.Observe(gap, 1);
                stopped |= process.LogEvidence >= Math.Log(1 / Risk);
                zed |= n >= FirstZ && process.Events - (n * Normal) > Z * Math.Sqrt(n * Normal * (1 - Normal));
            }
            (falseStops, falseZ) = (falseStops + (stopped ? 1 : 0), falseZ + (zed ? 1 : 0));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"false stops in {Rollouts} rollouts of a model that is no worse, looked at after each of {Reports} reports: {falseStops / (double)Rollouts:0.00 %}; by a 5 % z-test looked at as often, from report {FirstZ} on: {falseZ / (double)Rollouts:0.0 %}"));
        figures.Add(Figure.AtMost($"false stops in {Rollouts} A/A rollouts, every report looked at", falseStops / (double)Rollouts, Risk,
            string.Create(CultureInfo.InvariantCulture, $"a 5 % z-test peeked at on the same streams: {falseZ / (double)Rollouts:0.000}")));
        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    /// <summary>Reports until the next bad one, that one included.</summary>
    internal static long Gap(Random random, double rate) => 1 + (long)Math.Floor(Math.Log(1 - random.NextDouble()) / Math.Log(1 - rate));
}
