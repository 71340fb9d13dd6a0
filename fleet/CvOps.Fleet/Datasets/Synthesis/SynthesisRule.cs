using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Synthesis;

/// <summary>Which requests for synthetic frames are taken, and which frames serve them. Pure.</summary>
internal static class SynthesisRule
{
    public const int Most = 100_000;

    /// <returns>Every mistake, each a sentence.</returns>
    public static IEnumerable<string> Mistakes(SynthesisRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.By)) yield return "Say who makes them in 'by'.";
        if (!Enum.IsDefined(request.Kind)) yield return $"'kind' is one of {string.Join(", ", Enum.GetNames<SyntheticKind>())}.";
        if (request.Count is < 1 or > Most) yield return $"'count' is from 1 to {Most}.";
        if (request.Operations is { } operations && (operations.Count == 0 || operations.Except(Augmentation.All).Any())) yield return $"'operations' are some of {string.Join(", ", Augmentation.All)}.";
        if (request is { Kind: SyntheticKind.CutPaste, Operations: not null }) yield return "'operations' are of augmentations: leave them out.";
        if (request is { Kind: SyntheticKind.Augmentation, Onto: not null }) yield return "'onto' is for defects that are pasted: leave it out.";
    }

    /// <summary>Whether a labelled training frame may be augmented, or gives a defect to paste.</summary>
    public static bool IsSource(SynthesisRequest request, FrameView frame) => Said(request, frame) && (request.Kind == SyntheticKind.Augmentation || Cutouts(request, frame).Length > 0);

    /// <summary>Whether a defect may be pasted into a labelled training frame: nothing is drawn on it, and it is of the class asked for or said to be good.</summary>
    public static bool IsGround(SynthesisRequest request, FrameView frame) =>
        frame.Label is { Boxes.Count: 0, Polygons: null or { Count: 0 } } label && (request.Onto is { } name ? label.Class == name : label.Verdict != PartVerdict.Ng && (label.Class is null || label.Verdict == PartVerdict.Ok));

    public static Cutout[] Cutouts(SynthesisRequest request, FrameView frame) => [.. Cutout.Of(frame).Where(cutout => request.Class is null || cutout.Class == request.Class || frame.Label!.Class == request.Class)];

    private static bool Said(SynthesisRequest request, FrameView frame) => request.Class is null || request.Kind == SyntheticKind.CutPaste || frame.Label!.Class == request.Class
        || frame.Label.Boxes.Any(box => box.Class == request.Class) || frame.Label.Polygons?.Any(polygon => polygon.Class == request.Class) == true;
}
