using CvOps.Agent.Sampling;
using CvOps.Fleet.Frames;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// Whether the fleet's estimate of production accuracy is right: a line whose truth is known passes the agent's sampler again and again, what it
/// keeps is labelled, and the fleet estimates from that.
/// </summary>
internal static class EstimateBench
{
    private const int Frames = 3000;
    private const int Runs = 300;
    private const int Pictures = 64;
    private const int Side = 72;

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        string[] classes = ["ok", "crack", "stain"];
        var chance = new Random(31);
        var options = new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0.02, AuditShare = 0.3, DisagreementShare = 0 };
        var time = new ManualTime();
        using var line = new PlayedLine(time, classes);
        var pictures = Enumerable.Range(0, Pictures).Select(_ =>
        {
            var pixels = new byte[Side * Side];
            chance.NextBytes(pixels);
            return line.Frame(pixels, Side, Side, PixelFormat.Grey8);
        }).ToArray();
        var parts = Enumerable.Range(0, Frames).Select(_ =>
        {
            var unsure = Math.Pow(chance.NextDouble(), 3);
            double[] probabilities = [1 - unsure * 0.66, unsure * 0.4, unsure * 0.26];
            return (Prediction: PlayedLine.Predict(probabilities, classes), Right: chance.NextDouble() > 0.01 + 0.6 * unsure);
        }).ToArray();
        var truth = parts.Average(part => part.Right ? 1.0 : 0);
        var (sum, squares, held, plain, labels) = (0.0, 0.0, 0, 0.0, 0);
        for (var run = 0; run < Runs; run++)
        {
            using var folder = new TestFolder();
            using var sampler = new FrameSampler(options, new SamplingBudget(options, folder.Path, time), time, new Random(run));
            List<SampledVerdict> kept = [];
            for (var i = 0; i < Frames; i++)
            {
                line.Show(sampler, pictures[i % Pictures], i, parts[i].Prediction, default);
                time.Advance(TimeSpan.FromSeconds(0.1));
                sampler.Tick();
                while (sampler.Kept.TryRead(out var candidate))
                {
                    using (candidate)
                        if (candidate.Inclusion is { } inclusion) kept.Add(new SampledVerdict(inclusion, 1 - candidate.Prediction.Margin, parts[candidate.Number].Right));
                }
            }
            var estimate = AccuracyEstimator.Estimate(kept).Share ?? throw new InvalidOperationException("Too few frames were kept to estimate anything.");
            (sum, squares) = (sum + estimate.Estimate, squares + estimate.Estimate * estimate.Estimate);
            plain += kept.Average(frame => frame.Right!.Value ? 1.0 : 0);
            labels += kept.Count;
            if (estimate.Low <= truth && truth <= estimate.High) held++;
            // The next run's hour is another one.
            time.Advance(TimeSpan.FromHours(2));
        }
        foreach (var picture in pictures) picture.Dispose();
        var (mean, coverage) = (sum / Runs, held / (double)Runs);
        var error = Math.Sqrt((squares / Runs - mean * mean) / Runs);
        Console.WriteLine($"truth {truth:0.0000}; estimate {mean:0.0000} +- {error:0.0000} over {Runs} runs of {Frames} frames, {labels / (double)Runs:0} labels each; the plain share of those labels {plain / Runs:0.0000}");
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtMost("production accuracy: bias in its standard errors", Math.Abs(mean - truth) / error, 3, $"truth known, {Runs} runs through sampler and fleet"),
            Figure.AtLeast("its 95 % interval holds the truth, share of runs", coverage, 0.92, "95 %, less what 300 runs and small samples leave open"),
        ]);
    }
}
