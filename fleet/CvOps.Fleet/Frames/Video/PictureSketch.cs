using System.Numerics.Tensors;
using CvOps.Vision;

namespace CvOps.Fleet.Frames.Video;

/// <summary>
/// A picture as the mean brightness of 48 x 48 blocks, to tell whether two pictures show nearly the same. A hash of the whole (as Zauner 2010 compares them) passes over a scratch; here the one block that
/// changed most counts. Noise hardly shows in a block of hundreds of pixels, and light that flickers over the whole picture is taken out first, unless it is much.
/// </summary>
internal sealed class PictureSketch
{
    private const int Side = 48;

    /// <summary>The whole picture may be so many times brighter or darker than what one block may change.</summary>
    private const int Flicker = 4;

    private readonly float[] _means;

    private PictureSketch(float[] means) => _means = means;

    /// <exception cref="PictureException">The bytes are no JPEG that can be read.</exception>
    public static PictureSketch Of(ReadOnlySpan<byte> jpeg)
    {
        var picture = JpegCodec.Decode(jpeg);
        var (columns, rows) = (Math.Min(Side, picture.Width), Math.Min(Side, picture.Height));
        var (sums, counts) = (new long[Side * Side], new int[Side * Side]);
        var bgr = picture.Bgr;
        for (var y = 0; y < picture.Height; y++)
        {
            var row = y * rows / picture.Height * Side;
            var at = y * picture.Width * 3;
            for (var x = 0; x < picture.Width; x++, at += 3)
            {
                var block = row + (x * columns / picture.Width);
                // ITU-R BT.601 in 256ths.
                sums[block] += (29 * bgr[at]) + (150 * bgr[at + 1]) + (77 * bgr[at + 2]);
                counts[block]++;
            }
        }
        var means = new float[Side * Side];
        for (var i = 0; i < means.Length; i++) means[i] = counts[i] == 0 ? 0 : sums[i] / (256f * counts[i]);
        return new PictureSketch(means);
    }

    /// <param name="change">Levels of 255 that one block may differ by.</param>
    public bool IsNearly(PictureSketch other, double change)
    {
        Span<float> difference = stackalloc float[Side * Side];
        TensorPrimitives.Subtract(_means, other._means, difference);
        var light = TensorPrimitives.Sum((ReadOnlySpan<float>)difference) / difference.Length;
        if (Math.Abs(light) >= Flicker * change) return false;
        TensorPrimitives.Subtract((ReadOnlySpan<float>)difference, light, difference);
        return TensorPrimitives.MaxMagnitude((ReadOnlySpan<float>)difference) is var most && Math.Abs(most) < change;
    }
}
