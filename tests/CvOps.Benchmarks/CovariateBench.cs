using System.Diagnostics;
using System.Text.Json;
using CvOps.Agent.Capture;
using CvOps.Agent.Drift;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Benchmarks;

/// <summary>What covariates and sketches cost a frame, and what drift windows cost the wire.</summary>
internal static class CovariateBench
{
    private const int Width = 1920;
    private const int Height = 1080;
    private const int Dimensions = 512;
    private const int Rounds = 9;
    private const int FramesOfRound = 300;
    private const double FrameMicroseconds = 10_000;
    private const int Limit = 8192;

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        return Task.FromResult<IReadOnlyList<Figure>>([Cost(), Bytes(10, drifting: false), Bytes(30, drifting: false), Bytes(30, drifting: true)]);
    }

    private static Figure Cost()
    {
        using var line = new DrawnLine(Width, Height);
        using var windows = new DriftWindows(new DriftOptions { WindowFrames = 1_000_000, WindowAge = TimeSpan.FromDays(1), QuietAge = TimeSpan.FromDays(1) }, _ => { }, TimeProvider.System);
        var chance = new Random(3);
        chance.NextBytes(line.Frame.Pixels);
        double[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ =>
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < FramesOfRound; i++) windows.Inspected(line.Show(FrameStatistics.Measure(line.Frame.Picture)));
            return Stopwatch.GetElapsedTime(began).TotalMicroseconds / FramesOfRound;
        }).Order()];
        var micros = rounds[Rounds / 2];
        Console.WriteLine($"covariates and sketches of a {Width}x{Height} frame with {Dimensions} numbers of embedding: {micros:0.0} us");
        return Figure.AtMost("covariates and sketches, part of a 10 ms frame", micros / FrameMicroseconds, 0.01, "1 %, which sampling shares");
    }

    /// <summary>Most bytes of any hour of a simulated day, messages as the spool gets them, with topic.</summary>
    private static Figure Bytes(int framesPerSecond, bool drifting)
    {
        using var line = new DrawnLine(64, 64);
        var (time, sent, chance) = (new ManualTime(), new List<(TimeSpan At, int Bytes)>(), new Random(7));
        var (elapsed, frames, counted) = (TimeSpan.Zero, 0L, 0L);
        var topic = new Topics(new SiteId("hall"), new DeviceId("edge-1")).Drift(new CameraId("cam"));
        using (var windows = new DriftWindows(new DriftOptions(), make =>
        {
            var window = make(new Origin(new DeviceId("edge-1"), 17, 1_234_567));
            counted += window.Frames;
            sent.Add((elapsed, JsonSerializer.SerializeToUtf8Bytes(window, ContractsJson.Default.DriftWindow).Length + topic.Length));
        }, time, _ => topic.Length + "edge-1".Length))
        {
            for (; elapsed < TimeSpan.FromHours(6); elapsed += TimeSpan.FromSeconds(1.0 / framesPerSecond), frames++)
            {
                // A lamp that fades and comes back, every forty minutes.
                var shift = drifting ? 60 * Math.Sin(elapsed.TotalMinutes / 40 * 2 * Math.PI) : 0;
                windows.Inspected(line.Show(DrawnLine.Draw(chance, shift), chance));
                time.Advance(TimeSpan.FromSeconds(1.0 / framesPerSecond));
                if (frames % framesPerSecond == 0) windows.Tick();
            }
        }
        var most = sent.Max(from => sent.Where(s => s.At >= from.At && s.At < from.At + TimeSpan.FromHours(1)).Sum(s => s.Bytes));
        Console.WriteLine($"{(drifting ? "drifting" : "quiet")} camera at {framesPerSecond} frames a second, 6 h: {sent.Count} windows, {sent.Average(s => s.Bytes):0} bytes each, {counted} of {frames} frames reported by the end");
        return Figure.AtMost($"bytes of the fullest hour, {(drifting ? "drifting" : "quiet")} camera, {framesPerSecond} fps / 8192", most / (double)Limit, 1, "8 KB a camera-hour");
    }

    /// <summary>A camera whose frames are drawn numbers under a model with every covariate there is.</summary>
    private sealed class DrawnLine : IDisposable
    {
        private readonly FramePool _pool = new();
        private readonly LoadedModel _model;
        private readonly Prediction _prediction;
        private readonly float[] _embedding = new float[Dimensions];

        public DrawnLine(int width, int height)
        {
            var chance = new Random(11);
            var profile = new ReferenceProfileBuilder();
            _prediction = new Prediction { Class = "ok", Detections = [new Detection("ok", 0.9, 10, 10, 20, 20), new Detection("dent", 0.8, 30, 30, 20, 10)] };
            for (var i = 0; i < 500; i++)
            {
                Fill(chance);
                profile.Add(Draw(chance, 0), _prediction.Copy(), width, height, [.. _embedding]);
            }
            var bench = BenchModel.Line();
            _model = new LoadedModel(new ModelRef("line", "1", new string('a', 64)), ModelSession.Open(bench.Onnx, bench.Manifest, new SessionSettings(AllowGpu: false)), profile.Build());
            Frame = _pool.Rent(width, height, "bench");
            Frame.Stamp(new CameraLane(new CameraOptions { Id = new CameraId("cam"), Url = "line.mp4" }, TimeProvider.System), 1, 0, DateTimeOffset.UnixEpoch.AddDays(20_000), 0, TimeProvider.System.GetTimestamp());
        }

        public Frame Frame { get; }

        public InspectedFrame Show(FrameStatistics statistics, Random? chance = null)
        {
            if (chance is not null) Fill(chance);
            return new InspectedFrame(Frame, _model, _prediction, null, statistics, new FrameTimings(0, 0, 0, 0), null, null) { Embedding = _embedding };
        }

        public static FrameStatistics Draw(Random chance, double shift) => new(130 + shift + 12 * Normal(chance), 30 + 4 * Normal(chance), 2.5 + 0.3 * Normal(chance))
        {
            BlueCast = 2 * Normal(chance), RedCast = 2 * Normal(chance), Saturation = 20 + 3 * Normal(chance), Noise = 3 + 0.3 * Normal(chance),
            ClippedBlack = Math.Abs(0.01 * Normal(chance)), ClippedWhite = Math.Abs(0.01 * Normal(chance)),
        };

        public void Dispose()
        {
            Frame.Dispose();
            _model.Dispose();
        }

        private void Fill(Random chance)
        {
            for (var i = 0; i < Dimensions; i++) _embedding[i] = chance.NextSingle();
            (_prediction.Confidence, _prediction.Entropy) = (0.8 + 0.2 * chance.NextDouble(), chance.NextDouble());
            _prediction.Class = chance.Next(4) switch { 0 => "crack", 1 => "dent", 2 => "scratch", _ => "ok" };
        }

        private static double Normal(Random chance) => Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
    }
}
