using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames;

/// <summary>Whether the model in charge was right on a frame, by a person's word.</summary>
internal static class FrameVerdictRule
{
    /// <returns>The classes agree; where people drew boxes or polygons, there are as many of each class. Null without a label or a prediction, and where a verdict alone was given.</returns>
    public static bool? Judge(FrameView frame)
    {
        if (frame is not { State: LabelState.Labelled, Label: { } label, Prediction: { } prediction }) return null;
        if (label.Class is not null) return label.Class == prediction.Class;
        if (label is { Verdict: not null, Boxes.Count: 0, Polygons: null }) return null;
        return Counts(label.Boxes.Select(box => box.Class).Concat((label.Polygons ?? []).Select(polygon => polygon.Class))).SequenceEqual(Counts(prediction.Detections.Select(box => box.Class)));
    }

    private static IEnumerable<KeyValuePair<string, int>> Counts(IEnumerable<string> classes) => classes.CountBy(name => name).OrderBy(count => count.Key, StringComparer.Ordinal);
}
