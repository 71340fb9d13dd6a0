using System.Globalization;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Packaging;

/// <summary>Golden vectors' inputs: made by <see cref="ReferencePreprocess"/>, and held against what the agent's fused path makes of the same picture.</summary>
internal static class GoldenInputs
{
    // The fused path weighs pixels in eleven bits and makes grey in whole values first, as OpenCV does: so many steps of 255 at most.
    private const double StepsAllowed = 1.5;

    /// <exception cref="ModelException">The two paths make different tensors: nothing is packed that a device would see otherwise.</exception>
    public static float[] Of(ModelSession session, DecodedPicture picture)
    {
        var spec = session.Manifest.Input;
        var reference = new ReferencePreprocess(spec, picture.Bgr, picture.Width, picture.Height);
        var exact = reference.Tensor(session.InputLength / (spec.Width * spec.Height));
        var row = session.Own.Input(0);
        PreprocessPlan.Create(spec, picture.Width, picture.Height, PixelFormat.Bgr24).FillTile(picture.View, 0, row[..(row.Length / session.Tiles)]);
        return Difference(spec, exact, session.Own.ReadInput(0), reference.Ties) is { } difference ? throw new ModelException(difference) : exact;
    }

    /// <param name="ties">Positions where both may be right.</param>
    /// <returns>Where the paths part, in a sentence; null when they don't.</returns>
    public static string? Difference(InputSpec spec, float[] exact, float[] fused, IReadOnlySet<int> ties)
    {
        var plane = spec.Width * spec.Height;
        for (var i = 0; i < exact.Length; i++)
        {
            var channels = exact.Length / plane;
            var (channel, position) = spec.Layout == TensorLayout.Nchw ? (i / plane, i % plane) : (i % channels, i / channels);
            var expected = spec.ElementType == ElementType.UInt8 ? Math.Clamp(exact[i], 0, 255) : exact[i];
            if (Math.Abs(expected - fused[i]) <= StepsAllowed / spec.Std[channel] + Rounding(spec.ElementType, expected) || ties.Contains(position)) continue;
            return string.Create(CultureInfo.InvariantCulture, $"The fast preprocessing gives {fused[i]} at index {i} of the input where the reference gives {expected}: a device would not see what the model was packed for. This is a defect of CvOps; keep the picture and the manifest.");
        }

        return null;
    }

    private static double Rounding(ElementType element, double value) => element switch
    {
        ElementType.UInt8 => 0.5,
        ElementType.Float16 => Math.Abs(value) * Math.Pow(2, -10) + 1e-6,
        _ => Math.Abs(value) * 1e-6 + 1e-6,
    };
}
