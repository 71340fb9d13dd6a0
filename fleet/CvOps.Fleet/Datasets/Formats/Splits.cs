using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>Names of a format's splits, and what they mean here: <c>golden</c> is the golden set, every other is for training.</summary>
internal static class Splits
{
    public const string Training = "train";

    public const string Golden = "golden";

    public static string Of(LabelledImage image) => image.Use == FrameUse.Golden ? Golden : Training;

    /// <returns>Null for a split that says nothing about the golden set.</returns>
    public static FrameUse? UseOf(string? split) => string.Equals(split, Golden, StringComparison.OrdinalIgnoreCase) ? FrameUse.Golden : null;
}
