using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Frames.Queue;

/// <summary>
/// What a label of a frame is expected to be worth, from what was known when it was kept. Pure.
/// <para>
/// V = u (1 + n) (1 / p)^b: how unsure the model is, times how unlike what it knows the frame is, times how many frames like it passed by. That is the information
/// density of Settles and Craven (2008, "An analysis of active learning strategies for sequence labeling tasks", equation 7): informativeness times
/// representativeness to the power b. Uncertainty u is one minus the margin (Scheffer, Decomain and Wrobel 2001). They take the mean similarity to all other frames as
/// representativeness; here a frame that was kept with probability p stands for 1 / p frames of its camera (Horvitz and Thompson 1952), which costs nothing to know and
/// needs no embedding. b = 1/4, so that a frame drawn at one in ten thousand counts ten times, and a sure one among them still comes behind an unsure one. Novelty n
/// is the highest score of the device's rules that look for what the model has not seen.
/// </para>
/// </summary>
internal static class LabelValue
{
    private const double Beta = 0.25;

    /// <summary>Rarer than that was kept by no sampler.</summary>
    private const double LeastInclusion = 1e-4;

    /// <summary>Of a frame that no model has seen: nobody knows.</summary>
    private const double Unknown = 0.5;

    private static readonly string[] Novel = ["novelty", "rare-class", "out-of-domain", "temporal"];

    /// <summary>The two warm models name different classes: one of them is wrong, and a label says which.</summary>
    public static bool Disagrees(Prediction prediction, ShadowPrediction? shadow) => shadow is not null && shadow.Prediction.Class != prediction.Class;

    public static bool Disagrees(FrameView frame) => frame.Prediction is { } said && Disagrees(said, frame.Shadow);

    /// <summary>0 sure, 1 undecided; margin sampling (Scheffer, Decomain and Wrobel, 2001).</summary>
    public static double Uncertainty(Prediction prediction) => double.IsFinite(prediction.Margin) ? 1 - Math.Clamp(prediction.Margin, 0, 1) : 1;

    /// <summary>V; of frames on which models disagree their place in the lot, since any other order would bias the comparison (<see cref="JudgementLot"/>).</summary>
    /// <returns>-1..20; larger comes first.</returns>
    public static double Worth(FrameView frame)
    {
        if (Disagrees(frame)) return Order(frame);
        var unsure = frame.Prediction is { } prediction ? Uncertainty(prediction) : Unknown;
        var novelty = frame.Reasons.Where(reason => Novel.Contains(reason.Rule)).Select(reason => reason.Score).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var inclusion = frame.InclusionProbability is > 0 and <= 1 and var known ? Math.Max(known, LeastInclusion) : 1;
        return unsure * (1 + Math.Clamp(novelty, 0, 1)) * Math.Pow(inclusion, -Beta);
    }

    /// <summary>Among frames of a kind: where models disagree by lot, those that no lot drew behind them; else the least certain first.</summary>
    public static double Order(FrameView frame)
    {
        if (frame.Prediction is not { } prediction) return 0;
        var uncertainty = Uncertainty(prediction);
        return !Disagrees(frame) ? uncertainty : JudgementLot.Drew(frame) ? JudgementLot.Place(frame) : uncertainty - 1;
    }
}
