using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// Decoding what a YOLO of 80 classes says of a 640 x 640 picture, [1, 84, 8400], suppression by class included, over OpenCV's NMSBoxes, which gets
/// the same boxes decoded already. Both see the numbers of a picture with 40 objects, each found by ten or so anchors. The rival is a Python
/// that stays for the whole run; rounds are interleaved, and both must keep the same boxes.
/// </summary>
internal static class DecodeBench
{
    private const int Classes = 80;
    private const int Anchors = 8400;
    private const int Side = 640;
    private const int Objects = 40;
    private const int Rounds = 41;
    private const int Calls = 100;
    private const double ScoreThreshold = 0.25;
    private const double IouThreshold = 0.45;
    private const string Output = "output0";

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var folder = new TestFolder();
        var output = Numbers(new Random(3));
        var (boxes, scores) = Decoded(output);
        var manifest = new ModelManifest
        {
            Name = "yolo", Version = "1", Task = ModelTask.Detection, Classes = [.. Enumerable.Range(0, Classes).Select(i => $"class {i}")],
            Input = new InputSpec { Name = "images", Width = Side, Height = Side },
            Decoder = new DecoderSpec { Kind = DecoderKind.YoloV8, Outputs = [Output], ScoreThreshold = ScoreThreshold, IouThreshold = IouThreshold },
        };
        using var session = ModelSession.Open(Model(output), manifest, new SessionSettings(AllowGpu: false));
        using var slot = session.CreateSlot();
        slot.Run();
        var plan = PreprocessPlan.Identity(manifest.Input);
        using var rival = new OpenCvNms(folder.Path, boxes, scores, ScoreThreshold, IouThreshold);

        var kept = Decode(slot, plan);
        var theirs = rival.Kept();
        var same = kept.Detections.Select(detection => (float)detection.Score).SequenceEqual(theirs.Select(anchor => scores[anchor]))
            && kept.Detections.Zip(theirs).All(pair => Math.Abs(pair.First.Width - boxes[4 * pair.Second + 2]) < 1e-2 && Math.Abs(pair.First.Height - boxes[4 * pair.Second + 3]) < 1e-2);
        if (!same) throw new InvalidOperationException($"CvOps keeps {kept.Detections.Count} boxes and OpenCV {theirs.Count}, and they are not the same.");

        var (all, candidates) = (new List<double>(), new List<double>());
        double own = 0, python = 0, few = 0;
        for (var round = -5; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < Calls; i++) Decode(slot, plan);
            own = Stopwatch.GetElapsedTime(started).TotalMicroseconds / Calls;
            python = rival.Microseconds("all", Calls);
            few = rival.Microseconds("candidates", Calls);
            if (round < 0) continue;
            all.Add(own / python);
            candidates.Add(own / few);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scores.Count(score => score >= ScoreThreshold)} of {Anchors} boxes over the threshold, {kept.Detections.Count} kept, the same by both."));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Last round: decode + NMS {own:0} us; NMSBoxes {python:0} us given all boxes, {few:0} us given only those over the threshold (ratio {Median(candidates):0.00})."));
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtMost("YOLO decode + NMS of 8400 x 84 / OpenCV NMSBoxes", Median(all), 0.5, "cv2.dnn.NMSBoxes, all boxes, already decoded"),
            // The rival without its work: it does not look at scores, decode, or read lists of 8400.
            Figure.AtMost("YOLO decode + NMS of 8400 x 84 / OpenCV NMSBoxes given only candidates", Median(candidates), 0.5, "cv2.dnn.NMSBoxes, boxes over the threshold only"),
        ]);
    }

    private static Prediction Decode(InferenceSlot slot, PreprocessPlan plan) => slot.TryDecode(plan, 0, out var prediction, out var error) ? prediction : throw new InvalidOperationException(error);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>[84, 8400]: objects that ten anchors or so see, each a little differently, among anchors that see nothing.</summary>
    private static float[] Numbers(Random random)
    {
        var output = new float[(4 + Classes) * Anchors];
        for (var i = 4 * Anchors; i < output.Length; i++) output[i] = 0.05f * random.NextSingle();
        void Box(int anchor, double x, double y, double width, double height)
        {
            (output[anchor], output[Anchors + anchor], output[2 * Anchors + anchor], output[3 * Anchors + anchor]) = ((float)x, (float)y, (float)width, (float)height);
        }
        double Between(double low, double high) => low + (high - low) * random.NextDouble();
        for (var anchor = 0; anchor < Anchors; anchor++) Box(anchor, Between(60, 580), Between(60, 580), Between(10, 100), Between(10, 100));
        for (var i = 0; i < Objects; i++)
        {
            var (x, y, width, height, @class, first) = (Between(120, 520), Between(120, 520), Between(20, 150), Between(20, 150), random.Next(Classes), random.Next(Anchors - 40));
            for (var anchor = first; anchor < first + 10; anchor++)
            {
                Box(anchor, x + Between(-6, 6), y + Between(-6, 6), width * Between(0.9, 1.1), height * Between(0.9, 1.1));
                output[(4 + @class) * Anchors + anchor] = (float)Between(0.2, 0.95);
            }
        }
        return output;
    }

    /// <summary>Left, top, width, height and best score of every anchor. Classes lie far apart, so that suppression over all is suppression by class.</summary>
    private static (float[] Boxes, float[] Scores) Decoded(float[] output)
    {
        var (boxes, scores) = (new float[4 * Anchors], new float[Anchors]);
        for (var anchor = 0; anchor < Anchors; anchor++)
        {
            var best = Enumerable.Range(0, Classes).MaxBy(c => output[(4 + c) * Anchors + anchor]);
            var (width, height) = (output[2 * Anchors + anchor], output[3 * Anchors + anchor]);
            (boxes[4 * anchor], boxes[4 * anchor + 1]) = (output[anchor] - width / 2 + 1000 * best, output[Anchors + anchor] - height / 2);
            (boxes[4 * anchor + 2], boxes[4 * anchor + 3], scores[anchor]) = (width, height, output[(4 + best) * Anchors + anchor]);
        }
        return (boxes, scores);
    }

    private static byte[] Model(float[] output) => new TinyOnnx().Input("images", 1, 3, Side, Side).Constant("numbers", output, 1, 4 + Classes, Anchors).Constant("zero", [0], 1)
        .Node("ReduceMean", ["images"], "mean", ("keepdims", 0)).Node("Mul", ["mean", "zero"], "nothing").Node("Add", ["numbers", "nothing"], Output)
        .Output(Output, 1, 4 + Classes, Anchors).Build();
}
