using System.Globalization;

namespace CvOps.Contracts.Packages;

/// <summary>
/// Names of what drift watches. A profile may hold any of them; an agent fills those the profile has edges for. Of pictures above 64 thousand
/// pixels evenly spaced rows are measured.
/// </summary>
public static class Covariates
{
    /// <summary>Mean luma of the picture, 0..255.</summary>
    public const string Brightness = "brightness";

    /// <summary>Standard deviation of luma, 0..127.5.</summary>
    public const string Contrast = "contrast";

    /// <summary>log10(1 + variance of the 4-neighbour Laplacian of luma).</summary>
    public const string Sharpness = "sharpness";

    /// <summary>Mean Cb less 128: above 0 bluish, below 0 yellowish. -128..127; 0 for grey.</summary>
    public const string BlueCast = "blue-cast";

    /// <summary>Mean Cr less 128: above 0 reddish, below 0 greenish. -128..127; 0 for grey.</summary>
    public const string RedCast = "red-cast";

    /// <summary>Root mean square distance of Cb, Cr from grey, 0..181.</summary>
    public const string Saturation = "saturation";

    /// <summary>Standard deviation of the picture's noise in grey levels (Immerkaer, Fast Noise Variance Estimation, 1996).</summary>
    public const string Noise = "noise";

    /// <summary>Fraction of pixels at the black end of luma, 0..1.</summary>
    public const string ClippedBlack = "clipped-black";

    /// <summary>Fraction of pixels at the white end of luma, 0..1.</summary>
    public const string ClippedWhite = "clipped-white";

    /// <summary>Confidence of the top class, 0..1.</summary>
    public const string Confidence = "confidence";

    /// <summary>Entropy of the prediction over its maximum, 0..1; none for detectors.</summary>
    public const string Entropy = "entropy";

    /// <summary>Boxes of a frame.</summary>
    public const string Boxes = "boxes";

    /// <summary>Square root of a box's share of the picture, 0..1; counted once a box.</summary>
    public const string BoxSize = "box-size";

    /// <summary>Centre of a box from the left, 0..1; counted once a box.</summary>
    public const string BoxX = "box-x";

    /// <summary>Centre of a box from the top, 0..1; counted once a box.</summary>
    public const string BoxY = "box-y";

    /// <summary>Distance of the embedding from the reference's mean in standard deviations, about 1 on the reference, see <see cref="EmbeddingReference"/>.</summary>
    public const string EmbeddingDistance = "embedding-distance";

    /// <summary>Milliseconds; of the frames' age, which no training picture has.</summary>
    public static IReadOnlyList<double> FrameAgeEdges { get; } = [20, 50, 100, 200, 500, 1000, 2000, 5000];

    /// <summary>What the names of all covariates of the embedding begin with.</summary>
    public const string EmbeddingPrefix = "embedding-";

    /// <summary>The embedding along one of the profile's random projections.</summary>
    /// <param name="projection">From 0.</param>
    public static string Embedding(int projection) => string.Create(CultureInfo.InvariantCulture, $"embedding-{projection}");

    /// <summary>
    /// A move by less than this matters to nobody, in the covariate's unit: edges of a profile lie at least so far apart, and what was constant in the
    /// reference stays in the middle bin as long as it moves by less.
    /// </summary>
    public static double Resolution(string covariate) => covariate switch
    {
        Brightness => 1,
        Contrast or BlueCast or RedCast or Saturation => 0.5,
        Noise => 0.1,
        Sharpness => 0.02,
        ClippedBlack or ClippedWhite => 0.002,
        Boxes => 0.5,
        BoxSize or BoxX or BoxY => 0.01,
        Confidence or Entropy => 0.002,
        _ => 1e-6,
    };
}
