using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <summary>Turns one model's finite outputs into predictions.</summary>
internal abstract class PredictionDecoder(ModelManifest manifest)
{
    protected ModelManifest Manifest { get; } = manifest;

    /// <exception cref="ModelException">An output's shape does not fit the decoder or the class count.</exception>
    public static PredictionDecoder For(ModelManifest manifest, IReadOnlyList<BoundOutput> outputs)
    {
        var wanted = manifest.Decoder.Outputs.Select(name => outputs.First(output => output.Name == name)).ToArray();
        return manifest.Decoder.Kind switch
        {
            DecoderKind.Probabilities => new ClassDecoder(manifest, wanted[0], softmax: false),
            DecoderKind.Logits => new ClassDecoder(manifest, wanted[0], softmax: true),
            DecoderKind.NanoDet => new NanoDetDecoder(manifest, wanted),
            DecoderKind.YoloV8 => new YoloV8Decoder(manifest, wanted[0]),
            var kind => throw new ModelException($"The decoder {kind} is not known to this version."),
        };
    }

    /// <summary>Reads what the last run says of one row; a picture in tiles has several.</summary>
    /// <param name="plan">Maps boxes to the picture.</param>
    public abstract void Collect(int row, PreprocessPlan plan, int tile);

    /// <summary>Makes the picture's prediction of what was collected, then forgets it.</summary>
    /// <param name="into">Refilled; its boxes are the decoder's own from frame to frame.</param>
    public abstract void Finish(PreprocessPlan plan, Prediction into);
}

/// <summary>Scored boxes of one frame before and after suppression; corner form, input pixels. Reused from frame to frame.</summary>
internal sealed class BoxList
{
    // More candidates than this are noise; the surest are kept.
    private const int MostCandidates = 4096;

    private readonly List<Box> _boxes = [];

    public readonly record struct Box(int Class, float Score, float Left, float Top, float Right, float Bottom);

    public void Clear() => _boxes.Clear();

    public void Add(in Box box) => _boxes.Add(box);

    /// <summary>
    /// Greedy non-maximum suppression within each class: by falling score, a box that overlaps a kept one by more than
    /// <paramref name="iouThreshold"/> goes. Equal scores keep the order in which they were added.
    /// </summary>
    public IReadOnlyList<Box> Suppress(double iouThreshold)
    {
        var candidates = _boxes.OrderByDescending(box => box.Score).Take(MostCandidates).ToList();
        List<Box> kept = [];
        foreach (var box in candidates)
        {
            if (kept.Count == Limits.Detections) break;
            if (!kept.Exists(other => other.Class == box.Class && Iou(other, box) > iouThreshold)) kept.Add(box);
        }
        return kept;
    }

    /// <summary>Intersection over union, 0..1; 0 for boxes without area.</summary>
    public static double Iou(in Box a, in Box b)
    {
        var width = Math.Min(a.Right, b.Right) - (double)Math.Max(a.Left, b.Left);
        var height = Math.Min(a.Bottom, b.Bottom) - (double)Math.Max(a.Top, b.Top);
        if (width <= 0 || height <= 0) return 0;
        var overlap = width * height;
        var union = Area(a) + Area(b) - overlap;
        return union > 0 ? overlap / union : 0;
    }

    private static double Area(in Box box) => (box.Right - (double)box.Left) * (box.Bottom - (double)box.Top);
}

/// <summary>What every detector does with its boxes.</summary>
internal static class DetectionPrediction
{
    public static void Make(BoxList boxes, ModelManifest manifest, PreprocessPlan plan, Prediction into)
    {
        var kept = boxes.Suppress(manifest.Decoder.IouThreshold);
        into.Detections.Clear();
        into.Reject = false;
        foreach (var box in kept)
        {
            var name = manifest.Classes[box.Class];
            into.Detections.Add(plan.ToPicture(new Detection(name, box.Score, box.Left, box.Top, box.Right - (double)box.Left, box.Bottom - (double)box.Top)));
            into.Reject |= manifest.RejectClasses.Contains(name);
        }
        into.Class = kept.Count == 0 ? null : into.Detections[0].Class;
        into.Confidence = kept.Count == 0 ? 0 : into.Detections[0].Score;
        into.Margin = kept.Count == 0 ? 0 : into.Detections[^1].Score - manifest.Decoder.ScoreThreshold;
        into.Entropy = 0;
    }
}
