using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Frames;

/// <summary>A model's answer to a labelled frame.</summary>
/// <param name="Says">Class, OK or NG, or boxes counted by class, whichever the label is about; null for nothing.</param>
/// <param name="Confidence">0..1 of the top class; NaN where the label is about something else.</param>
internal readonly record struct Answer(string? Says, bool Right, double Confidence = double.NaN);

/// <summary>
/// Whether a model's answer is what a person said of the frame: the one rule of gates, production accuracy and judged frames of rollouts. By the class where one was
/// given; by boxes drawn, each found in its place; by outlines, as many of each class; else by the verdict. Pure.
/// </summary>
internal static class AnswerRule
{
    /// <summary>From this overlap on a box is the one that was drawn, as in Pascal VOC's and COCO's AP50.</summary>
    public const double LeastIou = 0.5;

    private const string Nothing = "nothing";

    /// <summary>What the label says, in a word or two.</summary>
    public static string TruthOf(FrameLabel label) => label.Class ?? (Shapes(label) is { } shapes ? Counted(shapes) : Words(label.Verdict!.Value));

    public static Answer Of(FrameLabel label, Prediction prediction)
    {
        if (label.Class is { } truth) return new Answer(prediction.Class, prediction.Class == truth, prediction.Confidence);
        if (Shapes(label) is not { } shapes) return new Answer(Words(prediction.Reject ? PartVerdict.Ng : PartVerdict.Ok), prediction.Reject == (label.Verdict == PartVerdict.Ng));
        var says = Counted(prediction.Detections.Select(box => box.Class));
        return new Answer(says, label.Polygons is null ? Matches(label.Boxes, prediction) : says == Counted(shapes));
    }

    /// <returns>Classes of what was drawn, none for "nothing to see"; null where a verdict alone was given.</returns>
    private static IEnumerable<string>? Shapes(FrameLabel label) => label is { Verdict: not null, Boxes.Count: 0, Polygons: null }
        ? null : label.Boxes.Select(box => box.Class).Concat((label.Polygons ?? []).Select(polygon => polygon.Class));

    /// <summary>Each drawn box has a detection of its own, of its class and place, and none is left over. The surest detection chooses first. Where nothing is to be seen, nothing may be named.</summary>
    private static bool Matches(IReadOnlyList<LabelBox> drawn, Prediction prediction)
    {
        var detections = prediction.Detections;
        if (drawn.Count != detections.Count) return false;
        if (drawn.Count == 0) return prediction.Class is null;
        var left = drawn.ToList();
        foreach (var detection in detections.OrderByDescending(detection => detection.Score))
        {
            var best = left.Where(box => box.Class == detection.Class).MaxBy(box => Iou(box, detection));
            if (best is null || Iou(best, detection) < LeastIou) return false;
            left.Remove(best);
        }
        return true;
    }

    private static double Iou(LabelBox a, Detection b)
    {
        var width = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
        var height = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
        if (width <= 0 || height <= 0) return 0;
        var common = width * height;
        return common / ((a.Width * a.Height) + (b.Width * b.Height) - common);
    }

    private static string Words(PartVerdict verdict) => verdict == PartVerdict.Ng ? "NG" : "OK";

    private static string Counted(IEnumerable<string> classes) =>
        string.Join(", ", classes.CountBy(name => name).OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => count.Value == 1 ? count.Key : $"{count.Value} {count.Key}")) is { Length: > 0 } words ? words : Nothing;
}
