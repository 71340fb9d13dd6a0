using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <summary>How each covariate is read off a frame: the same where a profile is made and where frames are counted. A value that is not finite is counted nowhere.</summary>
public static class FrameCovariates
{
    /// <param name="Name">One of <see cref="Covariates"/>.</param>
    public readonly record struct OfPicture(string Name, Func<FrameStatistics, double> Value);

    /// <param name="Name">One of <see cref="Covariates"/>.</param>
    public readonly record struct OfPrediction(string Name, Func<Prediction, double> Value);

    /// <param name="Name">One of <see cref="Covariates"/>.</param>
    /// <param name="Value">Of a box in a picture of that width and height.</param>
    public readonly record struct OfBox(string Name, Func<Detection, int, int, double> Value);

    /// <summary>Counted of usable pictures alone.</summary>
    public static IReadOnlyList<OfPicture> Picture { get; } =
    [
        new(Covariates.Brightness, s => s.Brightness), new(Covariates.Contrast, s => s.Contrast), new(Covariates.Sharpness, s => s.Sharpness),
        new(Covariates.BlueCast, s => s.BlueCast), new(Covariates.RedCast, s => s.RedCast), new(Covariates.Saturation, s => s.Saturation),
        new(Covariates.Noise, s => s.Noise), new(Covariates.ClippedBlack, s => s.ClippedBlack), new(Covariates.ClippedWhite, s => s.ClippedWhite),
    ];

    public static IReadOnlyList<OfPrediction> Prediction { get; } =
    [
        new(Covariates.Confidence, p => p.Confidence), new(Covariates.Entropy, p => p.Entropy), new(Covariates.Boxes, p => p.Detections.Count),
    ];

    /// <summary>Counted once a box.</summary>
    public static IReadOnlyList<OfBox> Box { get; } =
    [
        new(Covariates.BoxSize, (box, width, height) => Math.Sqrt(box.Width * box.Height / ((double)width * height))),
        new(Covariates.BoxX, (box, width, _) => (box.X + box.Width / 2) / width),
        new(Covariates.BoxY, (box, _, height) => (box.Y + box.Height / 2) / height),
    ];
}
