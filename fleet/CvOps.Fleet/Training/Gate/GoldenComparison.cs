using System.Diagnostics;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Datasets.Lineage;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Models;
using CvOps.Vision;

namespace CvOps.Fleet.Training.Gate;

/// <summary>Runs two registered models over the golden set, one comparison at a time, and lets <see cref="PromotionGate"/> judge.</summary>
internal sealed class GoldenComparison(ModelRegistry models, FrameStore frames, SeenFrames contact, DeviceDirectory devices, TimeProvider time) : IDisposable
{
    /// <summary>Fewer frames tell no latency.</summary>
    private const int LeastTimed = 10;

    /// <summary>Milliseconds of a part below which a difference is the machine's noise, whatever its ratio.</summary>
    private const double LeastSlower = 0.5;

    private readonly SemaphoreSlim _one = new(1);

    /// <returns>The verdict, recorded with the challenger; null when a model is not registered.</returns>
    /// <exception cref="ModelException">A model does not open here.</exception>
    public async Task<GateResult?> CompareAsync(string challenger, GateRequest request, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            if (await models.OpenAsync(request.Champion, cancel) is not { } old || await models.OpenAsync(challenger, cancel) is not { } young) return null;
            using var pair = new ModelPair(old, young);
            var golden = await frames.GoldenAsync(cancel);
            var seen = await contact.AmongAsync(golden, [request.Champion, challenger], cancel);
            var outcomes = await RunAsync(pair, golden.Where(frame => !seen.Contains(frame.Id)), cancel);
            var result = PromotionGate.Decide(challenger, request, outcomes, pair.Cost(request), time.GetUtcNow()) with { SeenFrames = seen.Count };
            await models.RecordGateAsync(challenger, result, cancel);
            return result;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<List<GoldenOutcome>> RunAsync(ModelPair pair, IEnumerable<FrameView> golden, CancellationToken cancel)
    {
        var (outcomes, light) = (new List<GoldenOutcome>(), new List<double>());
        var labels = new Dictionary<DeviceId, IReadOnlyDictionary<string, string>>();
        foreach (var frame in golden)
        {
            // A frame whose class neither model knows is of another product.
            if (frame.Label is not { } label || (label.Class is { } name && !pair.Knows(name))) continue;
            var picture = JpegCodec.Decode(await frames.ReadImageAsync(frame, cancel));
            var (champion, challenger, brightness) = pair.Infer(picture.View, label);
            light.Add(brightness);
            var slices = new List<GoldenSlice> { new("class", AnswerRule.TruthOf(label)) };
            if (frame is { Device: { } device, Camera: { } camera })
            {
                slices.Add(new GoldenSlice("camera", $"{device}/{camera}"));
                if (!labels.TryGetValue(device, out var known)) labels[device] = known = (await devices.FindAsync(device, cancel))?.Labels ?? new Dictionary<string, string>();
                slices.AddRange(known.Select(pair => new GoldenSlice(pair.Key, pair.Value)));
            }
            outcomes.Add(new GoldenOutcome(frame.Id, slices[0].Value, champion, challenger, slices, frame.InclusionProbability, frame.Prediction is { } said ? LabelValue.Uncertainty(said) : 0));
        }
        var bands = LightBands.Of(light);
        return bands.Length == 0 ? outcomes : [.. outcomes.Zip(bands, (outcome, band) => outcome with { Slices = [.. outcome.Slices, new GoldenSlice("light", band)] })];
    }

    /// <summary>Both models open, and what each frame took them.</summary>
    private sealed class ModelPair(ModelPackage champion, ModelPackage challenger) : IDisposable
    {
        private readonly ModelRunner _champion = ModelRunner.Open(champion.Onnx, champion.Manifest, new SessionSettings());
        private readonly ModelRunner _challenger = ModelRunner.Open(challenger.Onnx, challenger.Manifest, new SessionSettings());
        private readonly List<double> _championMs = [];
        private readonly List<double> _challengerMs = [];

        public bool Knows(string name) => champion.Manifest.Classes.Contains(name) || challenger.Manifest.Classes.Contains(name);

        public (Answer Champion, Answer Challenger, double Brightness) Infer(PictureView picture, FrameLabel label)
        {
            // Who goes second finds the picture in the cache, so they take turns.
            var first = _championMs.Count % 2 == 0;
            var early = first ? Timed(_champion, _championMs, picture) : Timed(_challenger, _challengerMs, picture);
            var late = first ? Timed(_challenger, _challengerMs, picture) : Timed(_champion, _championMs, picture);
            var (old, young) = first ? (early, late) : (late, early);
            return (AnswerRule.Of(label, old.Prediction), AnswerRule.Of(label, young.Prediction), old.Statistics.Brightness);
        }

        /// <returns>Null on too few frames.</returns>
        public GateCost? Cost(GateRequest request)
        {
            if (_championMs.Count < LeastTimed) return null;
            var (old, young) = (Median(_championMs), Median(_challengerMs));
            var slower = young > old * request.MostLatency && young - old > LeastSlower;
            var refused = slower || challenger.Bytes > champion.Bytes * request.MostBytes;
            return new GateCost(old, young, champion.Bytes, challenger.Bytes, refused ? GateVerdict.Refused : GateVerdict.Passed);
        }

        public void Dispose()
        {
            _champion.Dispose();
            _challenger.Dispose();
        }

        private static RunnerResult Timed(ModelRunner runner, List<double> times, PictureView picture)
        {
            var start = Stopwatch.GetTimestamp();
            var result = runner.Infer(picture);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            return result;
        }

        private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
    }
}
