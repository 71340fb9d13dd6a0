using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Datasets.Quality;

/// <summary>Whether what a person did with a frame is what a finding asks for. Pure.</summary>
internal static class FindingRule
{
    /// <param name="acted">The frame that was labelled or dropped just now.</param>
    /// <param name="frames">All that the finding names, as they are now.</param>
    public static bool IsSettled(QualityFinding finding, string acted, IReadOnlyList<FrameView> frames)
    {
        var left = frames.Where(frame => frame.State != LabelState.Skipped).ToArray();
        return finding.Kind switch
        {
            // Somebody looked at it and said what it shows, or dropped it.
            QualityKind.LabelSuspect or QualityKind.Shape => frames.Any(frame => frame.Id == acted && frame.State is LabelState.Labelled or LabelState.Skipped),
            QualityKind.Picture => left.Length == 0,
            // Of more frames than a finding names nobody knows the rest.
            QualityKind.ExactDuplicate or QualityKind.NearDuplicate => finding.FrameCount <= finding.Frames.Count && left.Length <= 1,
            QualityKind.LabelConflict => finding.FrameCount <= finding.Frames.Count && left.Where(frame => frame.Label is not null).Select(frame => AnswerRule.TruthOf(frame.Label!)).Distinct(StringComparer.Ordinal).Count() <= 1,
            _ => false,
        };
    }
}
