using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames;

/// <summary>Whether the model in charge was right on a frame, by a person's word.</summary>
internal static class FrameVerdictRule
{
    /// <returns>The classes agree; where people drew boxes, there are as many boxes of each class. Null without a label or a prediction.</returns>
    public static bool? Judge(FrameView frame)
    {
        if (frame is not { State: LabelState.Labelled, Label: { } label, Prediction: { } prediction }) return null;
        return label.Class is not null
            ? label.Class == prediction.Class
            : Counts(label.Boxes.Select(box => box.Class)).SequenceEqual(Counts(prediction.Detections.Select(box => box.Class)));
    }

    private static IEnumerable<KeyValuePair<string, int>> Counts(IEnumerable<string> classes) => classes.CountBy(name => name).OrderBy(count => count.Key, StringComparer.Ordinal);
}
