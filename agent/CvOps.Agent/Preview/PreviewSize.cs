using CvOps.Vision;

namespace CvOps.Agent.Preview;

/// <summary>Makes a picture small enough for a glance: every k-th pixel of every k-th row. Pure.</summary>
internal static class PreviewSize
{
    /// <summary>A preview is at most so wide.</summary>
    public const int MostWidth = 800;

    /// <returns>A copy of its own, in the same format.</returns>
    public static (byte[] Pixels, int Width, int Height) Shrink(PictureView picture)
    {
        var step = (picture.Width + MostWidth - 1) / MostWidth;
        var (width, height) = (Math.Max(1, picture.Width / step), Math.Max(1, picture.Height / step));
        var pixels = new byte[PictureView.SizeOf(width, height, picture.Format)];
        if (picture.Format == PixelFormat.Bgr24)
        {
            Plane(picture.Data, picture.Width, 3, pixels, width, height, step);
            return (pixels, width, height);
        }
        Plane(picture.Luma, picture.Width, 1, pixels, width, height, step);
        if (picture.Format == PixelFormat.Grey8) return (pixels, width, height);
        var (wide, high) = ((width + 1) / 2, (height + 1) / 2);
        var chroma = picture.Data[(picture.Width * picture.Height)..];
        var target = pixels.AsSpan(width * height);
        if (picture.Format == PixelFormat.Nv12) Plane(chroma, picture.ChromaWidth, 2, target, wide, high, step);
        else
        {
            Plane(chroma, picture.ChromaWidth, 1, target, wide, high, step);
            Plane(chroma[(picture.ChromaWidth * picture.ChromaHeight)..], picture.ChromaWidth, 1, target[(wide * high)..], wide, high, step);
        }
        return (pixels, width, height);
    }

    /// <param name="samples">Bytes of a pixel.</param>
    private static void Plane(ReadOnlySpan<byte> from, int fromWidth, int samples, Span<byte> to, int width, int height, int step)
    {
        for (var y = 0; y < height; y++)
        {
            var row = from.Slice(Math.Min(y * step, (from.Length / (fromWidth * samples)) - 1) * fromWidth * samples, fromWidth * samples);
            var target = to.Slice(y * width * samples, width * samples);
            for (var x = 0; x < width; x++)
            {
                var at = Math.Min(x * step, fromWidth - 1) * samples;
                for (var sample = 0; sample < samples; sample++) target[(x * samples) + sample] = row[at + sample];
            }
        }
    }
}
