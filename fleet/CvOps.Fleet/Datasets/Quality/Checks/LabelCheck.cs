using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Quality.Labels;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>Labels that pictures like it speak against. Pure.</summary>
internal static class LabelCheck
{
    /// <param name="judged">Frames that were given to the judge, in their order.</param>
    public static void Find(IReadOnlyList<CheckedFrame> judged, LabelJudgement judgement, FindingList findings)
    {
        foreach (var suspect in ConfidentLearning.Suspects(judgement.Labels, judgement.Probabilities, judgement.Classes.Count))
        {
            var frame = judged[judgement.Rows[suspect.Row]];
            var (given, suggested) = (judgement.Classes[judgement.Labels[suspect.Row]], judgement.Classes[suspect.Suggested]);
            findings.Add(QualityKind.LabelSuspect, FindingLevel.Warning, $"{frame.Id} {given}",
                string.Create(CultureInfo.InvariantCulture, $"Frame {frame.Id} is labelled '{given}' ({suspect.Own:0.00}) and looks like '{suggested}' ({suspect.Other:0.00}) to a head that learned from the other frames."),
                "Look at it: relabel it, or accept the label.", [frame.Id], suspect.Other - suspect.Own, suggested);
        }
    }
}
