using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Frames;

/// <summary>What a label of a frame is worth, from what the models said of it.</summary>
internal static class LabelValue
{
    /// <summary>The two warm models name different classes: one of them is wrong, and a label says which.</summary>
    public static bool Disagrees(Prediction prediction, ShadowPrediction? shadow) => shadow is not null && shadow.Prediction.Class != prediction.Class;

    /// <summary>0 sure, 1 undecided; margin sampling (Scheffer, Decomain and Wrobel, 2001).</summary>
    public static double Uncertainty(Prediction prediction) => double.IsFinite(prediction.Margin) ? 1 - Math.Clamp(prediction.Margin, 0, 1) : 1;
}
