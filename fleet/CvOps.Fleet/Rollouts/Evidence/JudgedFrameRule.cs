using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Statistics;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>Who was right on a labelled frame that two models of a rollout saw.</summary>
internal static class JudgedFrameRule
{
    /// <returns>Null when the frame says nothing: not labelled, not this pair of models, no disagreement, both right, or not sampled representatively.</returns>
    public static JudgedPair? Judge(FrameView frame, string model, string? previous)
    {
        if (frame is not { State: LabelState.Labelled, Label: { } label, Model: { } active, Prediction: { } prediction, Shadow: { } shadow } || previous is null) return null;
        if (!JudgementLot.Drew(frame)) return null;
        var inCharge = active.Digest == model && shadow.Model.Digest == previous;
        if (!inCharge && !(active.Digest == previous && shadow.Model.Digest == model)) return null;
        var (challenger, champion) = inCharge ? (prediction, shadow.Prediction) : (shadow.Prediction, prediction);
        if (challenger.Class == champion.Class) return null;
        return (AnswerRule.Of(label, challenger).Right, AnswerRule.Of(label, champion).Right) switch
        {
            (true, true) => null,
            (true, false) => JudgedPair.ChallengerRight,
            (false, true) => JudgedPair.ChampionRight,
            _ => JudgedPair.NeitherRight,
        };
    }
}
