using System.Diagnostics;
using System.Globalization;
using CvOps.Statistics.Change;

namespace CvOps.Benchmarks;

/// <summary>
/// False alarms of the change detector over ten thousand quiet camera-years, window by window: a thousand cameras for ten years, each with eleven histograms
/// and a mix of classes, each of these with a true distribution of its own and a baseline of 500 frames drawn from it. A window is ten minutes in
/// which 50 independent frames are counted, 52,596 of them a year. Bets, their prices and the recursion are the product's. A window's ratios are
/// the product of those of two half windows, each drawn from 1024 that were drawn frame by frame for that stream: ratios of counts multiply, so no
/// other approximation is in it. Evidence alone is judged; the product's alarm also needs an effect that matters.
/// </summary>
internal static class QuietYears
{
    private const int Cameras = 1000;
    private const int Histograms = 11;
    private const int Classes = 6;
    private const int BaselineFrames = 500;
    private const int WindowFrames = 50;
    private const int Years = 10;

    /// <summary>False alarms that are stated, a year of the whole fleet.</summary>
    private const double Stated = 1;

    private const int Halves = 1024;

    /// <summary>The check whether the stated rate is anywhere near: a limit so much lower, on one stream in so many.</summary>
    private const double Lower = 1000;
    private const int OneIn = 49;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>Edges of a profile whose frames are standard normal, at the shares of <c>SampleDistances.TailEdges</c>.</summary>
    private static readonly double[] Edges = [-3.0902, -2.3263, -1.6449, -1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816, 1.6449, 2.3263, 3.0902];

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        var began = Stopwatch.GetTimestamp();
        var limit = Cameras * (Histograms + 1) / Stated;
        var (alarms, lowerAlarms, lowerStreams) = (0L, 0L, 0);
        for (var stream = 0; stream < Cameras * (Histograms + 1); stream++)
        {
            var chance = new Random(stream);
            var ordered = stream % (Histograms + 1) != 0;
            var truth = ordered ? Camera(chance) : Mix(chance);
            var drawn = new QuietStream(ordered, truth, Count(truth, BaselineFrames, chance), WindowFrames / 2, Halves, chance);
            alarms += drawn.Watch(Windows(Years), ChangeDetector.YearsOf(Window), limit);
            if (stream % OneIn != 1) continue;
            lowerStreams++;
            lowerAlarms += drawn.Watch(Windows(Years), ChangeDetector.YearsOf(Window), limit / Lower);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{alarms} alarms in {Cameras * Years} camera-years at {Stated} stated a year of {Cameras} cameras; at a limit {Lower} times lower {lowerAlarms} in {lowerStreams * Years} stream-years; {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtMost($"false alarms in {Cameras * Years} quiet camera-years / stated", alarms / (Stated * Years), 1, $"{Stated * Years} stated: {Stated} a year of {Cameras} cameras"),
            Figure.AtMost($"the same at a limit {Lower} times lower / stated", lowerAlarms / (Lower / limit * lowerStreams * Years), 1, string.Create(CultureInfo.InvariantCulture, $"{Lower / limit * lowerStreams * Years:0} stated; {lowerStreams} streams")),
        ]);
    }

    private static long Windows(int years) => (long)(years * TimeSpan.FromDays(365.25) / Window);

    /// <summary>Bin shares of a camera that shows a part of the profile's world.</summary>
    private static double[] Camera(Random chance)
    {
        var (mean, deviation) = ((1.4 * chance.NextDouble()) - 0.7, 0.6 + (0.4 * chance.NextDouble()));
        double[] below = [0, .. Edges.Select(edge => 1 - Upper((edge - mean) / deviation)), 1];
        return [.. below.Skip(1).Zip(below, (high, low) => high - low)];
    }

    private static double[] Mix(Random chance)
    {
        double[] shares = [.. Enumerable.Range(0, Classes).Select(_ => Math.Pow(chance.NextDouble(), 3)), 0.002];
        return [.. shares.Select(share => share / shares.Sum())];
    }

    private static long[] Count(double[] shares, int frames, Random chance)
    {
        var counts = new long[shares.Length];
        for (var i = 0; i < frames; i++) counts[QuietStream.Draw(shares, chance)]++;
        return counts;
    }

    /// <summary>P(Z > z) to 1e-7 (Abramowitz and Stegun 26.2.17): it makes a true distribution, whichever.</summary>
    private static double Upper(double z)
    {
        if (z < 0) return 1 - Upper(-z);
        var t = 1 / (1 + (0.2316419 * z));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
    }
}
