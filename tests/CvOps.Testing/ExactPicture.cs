namespace CvOps.Testing;

/// <summary>
/// A picture in exact arithmetic: doubles throughout, no rounding before the end. Chroma counts for the two by two pixels it belongs to, colours
/// are cut to 0..255 where they are made, and pixels lie at half-integer centres, the outermost ones repeated beyond the edge.
/// </summary>
/// <param name="pixel">Blue, green and red, 0..255, of a pixel that exists.</param>
public sealed class ExactPicture(int width, int height, Func<int, int, double[]> pixel)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <param name="bgr">Rows of B,G,R bytes.</param>
    public static ExactPicture Bgr(byte[] bgr, int width, int height) =>
        new(width, height, (x, y) => [bgr[3 * (y * width + x)], bgr[3 * (y * width + x) + 1], bgr[3 * (y * width + x) + 2]]);

    public static ExactPicture Grey(byte[] grey, int width, int height) => new(width, height, (x, y) => [grey[y * width + x], grey[y * width + x], grey[y * width + x]]);

    /// <param name="interleaved">NV12; I420 otherwise.</param>
    /// <param name="kr">Weight of red in luma: 0.299 for BT.601, 0.2126 for BT.709.</param>
    /// <param name="kb">Weight of blue in luma: 0.114 and 0.0722.</param>
    /// <param name="full">Full range; 16..235 and 16..240 otherwise.</param>
    public static ExactPicture Yuv(byte[] data, int width, int height, bool interleaved, double kr = 0.299, double kb = 0.114, bool full = false)
    {
        var (chromaWidth, chromaHeight, luma) = ((width + 1) / 2, (height + 1) / 2, width * height);
        return new ExactPicture(width, height, (x, y) =>
        {
            var at = y / 2 * chromaWidth + x / 2;
            var u = (interleaved ? data[luma + 2 * at] : data[luma + at]) - 128.0;
            var v = (interleaved ? data[luma + 2 * at + 1] : data[luma + chromaWidth * chromaHeight + at]) - 128.0;
            var light = full ? data[y * width + x] : (data[y * width + x] - 16) * 255 / 219.0;
            if (!full) (u, v) = (u * 255 / 224, v * 255 / 224);
            var (red, blue) = (light + 2 * (1 - kr) * v, light + 2 * (1 - kb) * u);
            var green = light - (2 * (1 - kb) * kb * u + 2 * (1 - kr) * kr * v) / (1 - kr - kb);
            return [Math.Clamp(blue, 0, 255), Math.Clamp(green, 0, 255), Math.Clamp(red, 0, 255)];
        });
    }

    /// <summary>Blue, green and red at a point, bilinear.</summary>
    /// <param name="x">0 is the left edge of the first pixel, 0.5 its centre.</param>
    public double[] At(double x, double y)
    {
        var (left, top) = (Math.Floor(x - 0.5), Math.Floor(y - 0.5));
        var (right, bottom) = (x - 0.5 - left, y - 0.5 - top);
        var (a, b, c, d) = (Pixel(left, top), Pixel(left + 1, top), Pixel(left, top + 1), Pixel(left + 1, top + 1));
        return [.. Enumerable.Range(0, 3).Select(i => (1 - bottom) * ((1 - right) * a[i] + right * b[i]) + bottom * ((1 - right) * c[i] + right * d[i]))];
    }

    /// <summary>The whole picture at another size, planes of blue, green and red.</summary>
    public double[] Resized(int toWidth, int toHeight)
    {
        var planes = new double[3 * toWidth * toHeight];
        for (var y = 0; y < toHeight; y++)
        {
            for (var x = 0; x < toWidth; x++)
            {
                var at = At((x + 0.5) * Width / toWidth, (y + 0.5) * Height / toHeight);
                for (var channel = 0; channel < 3; channel++) planes[(channel * toHeight + y) * toWidth + x] = at[channel];
            }
        }
        return planes;
    }

    private double[] Pixel(double x, double y) => pixel((int)Math.Clamp(x, 0, Width - 1), (int)Math.Clamp(y, 0, Height - 1));
}
