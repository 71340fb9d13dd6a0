using CvOps.Agent.Sampling;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>What the sampler costs the inference thread: a 1080p camera, a model with an embedding of 512 numbers, everything it remembers in place.</summary>
internal static class SamplingBench
{
    private const int Width = 1920;
    private const int Height = 1080;
    private const int Dimensions = 512;
    private const int Frames = 20_000;
    private const int Rounds = 5;
    private const double FrameMilliseconds = 10;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(33);

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var folder = new TestFolder();
        var time = new ManualTime();
        var options = new SamplingOptions();
        string[] classes = ["ok", "crack", "stain", "scratch"];
        using var line = new PlayedLine(time, classes);
        using var sampler = new FrameSampler(options, new SamplingBudget(options, folder.Path, time), time, new Random(1));
        var chance = new Random(2);
        var pixels = new byte[PictureView.SizeOf(Width, Height, PixelFormat.I420)];
        chance.NextBytes(pixels);
        using var frame = line.Frame(pixels, Width, Height, PixelFormat.I420);
        var predictions = Enumerable.Range(0, 256).Select(_ => PlayedLine.Predict(Probabilities(chance, classes.Length), classes)).ToArray();
        var embeddings = Enumerable.Range(0, 256).Select(_ => Enumerable.Range(0, Dimensions).Select(_ => (float)chance.NextDouble()).ToArray()).ToArray();
        var (bytes, unkept, times) = (0L, 0L, new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            var began = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Frames; i++)
            {
                time.Advance(Between);
                // The end of a window is the kept frames' own; its copies are made ready here and go away again.
                sampler.Tick();
                while (sampler.Kept.TryRead(out var kept)) kept.Dispose();
                // One picture stands for all: the hash reads as much of each.
                if (i % 64 == 0) chance.NextBytes(frame.Pixels[..(Width * Height)]);
                var (before, copied) = (GC.GetAllocatedBytesForCurrentThread(), sampler.Copied);
                line.Show(sampler, frame, i, predictions[i % predictions.Length], embeddings[chance.Next(embeddings.Length)]);
                if (round == 0 || sampler.Copied != copied) continue;
                bytes += GC.GetAllocatedBytesForCurrentThread() - before;
                unkept++;
            }
            if (round > 0) times.Add((Environment.CpuUsage.TotalTime - began).TotalMilliseconds / Frames);
        }
        var idle = Idle(time, line, frame, chance);
        times.Sort();
        var cost = times[Rounds / 2] - idle;
        Console.WriteLine($"sampling costs {1000 * cost:0.0} us a frame of {Width} x {Height}; {unkept} of {Rounds * Frames} frames were not kept");
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtMost("sampling, % of a 10 ms frame", 100 * cost / FrameMilliseconds, 1, "the limit for sampling and sketches together; processor time, median of five rounds; default options"),
            Figure.AtMost("managed bytes of a frame that is not kept", bytes / (double)unkept, 0, "counted exactly over all of them"),
        ]);
    }

    /// <summary>What the benchmark itself costs a frame.</summary>
    private static double Idle(ManualTime time, PlayedLine line, Agent.Capture.Frame frame, Random chance)
    {
        var sink = new NoSink();
        var began = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Frames; i++)
        {
            time.Advance(Between);
            if (i % 64 == 0) chance.NextBytes(frame.Pixels[..(Width * Height)]);
            line.Show(sink, frame, i, Nothing, default);
        }
        return (Environment.CpuUsage.TotalTime - began).TotalMilliseconds / Frames;
    }

    private static readonly Prediction Nothing = new();

    private static double[] Probabilities(Random chance, int classes)
    {
        double[] weights = [.. Enumerable.Range(0, classes).Select(_ => Math.Pow(chance.NextDouble(), 3))];
        return [.. weights.Select(weight => weight / weights.Sum())];
    }

    private sealed class NoSink : Agent.Inference.IInspectedFrameSink
    {
        public void Inspected(in Agent.Inference.InspectedFrame inspected)
        {
        }
    }
}
