using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Training.Gate;

/// <summary>Whether a model's answer is what a person said of the frame. Pure.</summary>
internal static class AnswerRule
{
    /// <summary>From this overlap on a box is the one that was drawn, as in Pascal VOC's and COCO's AP50.</summary>
    public const double LeastIou = 0.5;

    private const string Nothing = "nothing";

    /// <returns>What the label says, in a word or two; null where it says nothing a model could be held to.</returns>
    public static string? TruthOf(FrameLabel label)
    {
        if (label.Class is { } name) return name;
        if (label.Boxes.Count > 0) return Counted(label.Boxes.Select(box => box.Class));
        return label switch
        {
            { Verdict: PartVerdict.Ok } => "OK",
            { Verdict: PartVerdict.Ng } => "NG",
            { Polygons: null } => Nothing,
            // Outlines: no decoder's answer is compared with them yet, and a box around them would judge another thing.
            _ => null,
        };
    }

    public static GoldenAnswer Of(FrameLabel label, Prediction prediction)
    {
        if (label.Class is { } truth) return new GoldenAnswer(prediction.Class, prediction.Class == truth, prediction.Confidence);
        if (label is { Verdict: { } verdict, Boxes.Count: 0 }) return new GoldenAnswer(prediction.Reject ? "NG" : "OK", prediction.Reject == (verdict == PartVerdict.Ng));
        return new GoldenAnswer(prediction.Detections.Count == 0 ? Nothing : Counted(prediction.Detections.Select(box => box.Class)), Matches(label.Boxes, prediction.Detections));
    }

    /// <summary>Each drawn box has a detection of its own, of its class and place, and none is left over. The surest detection chooses first.</summary>
    private static bool Matches(IReadOnlyList<LabelBox> drawn, List<Detection> detections)
    {
        if (drawn.Count != detections.Count) return false;
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

    private static string Counted(IEnumerable<string> classes) =>
        string.Join(", ", classes.CountBy(name => name).OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => count.Value == 1 ? count.Key : $"{count.Value} {count.Key}"));
}
