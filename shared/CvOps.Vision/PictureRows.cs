using System.Runtime.Intrinsics;

namespace CvOps.Vision;

/// <summary>Rows of any pixel format as planes of B, G, R or as full-range grey.</summary>
public static class PictureRows
{
    /// <summary>The whole picture as rows of B,G,R bytes.</summary>
    /// <param name="bgr">3 * width * height bytes, filled.</param>
    public static void ToBgr(PictureView picture, Span<byte> bgr)
    {
        if (picture.Format == PixelFormat.Bgr24)
        {
            picture.Data.CopyTo(bgr);
            return;
        }
        var width = picture.Width;
        var planes = new byte[3 * width];
        for (var y = 0; y < picture.Height; y++)
        {
            ToBgrPlanes(picture, y, planes);
            var row = bgr.Slice(3 * width * y, 3 * width);
            for (var x = 0; x < width; x++)
            {
                row[3 * x] = planes[x];
                row[3 * x + 1] = planes[width + x];
                row[3 * x + 2] = planes[2 * width + x];
            }
        }
    }

    /// <summary>One row as three planes: width bytes of B, then G, then R.</summary>
    internal static void ToBgrPlanes(PictureView picture, int y, Span<byte> planes)
    {
        var width = picture.Width;
        var blue = planes[..width];
        var green = planes.Slice(width, width);
        var red = planes.Slice(2 * width, width);
        switch (picture.Format)
        {
            case PixelFormat.Bgr24:
                var bgr = picture.Data.Slice(3 * width * y, 3 * width);
                for (var x = 0; x < width; x++)
                {
                    blue[x] = bgr[3 * x];
                    green[x] = bgr[3 * x + 1];
                    red[x] = bgr[3 * x + 2];
                }
                break;
            case PixelFormat.Grey8:
                var grey = picture.Data.Slice(width * y, width);
                grey.CopyTo(blue);
                grey.CopyTo(green);
                grey.CopyTo(red);
                break;
            default:
                FromYuv(picture, y, blue, green, red);
                break;
        }
    }

    /// <summary>One row as grey, 0..255: BT.601 luma weights as OpenCV rounds them; limited-range luma is stretched.</summary>
    internal static void ToGrey(PictureView picture, int y, Span<byte> grey)
    {
        var width = picture.Width;
        if (picture.Format == PixelFormat.Grey8)
        {
            picture.Data.Slice(width * y, width).CopyTo(grey);
        }
        else if (picture.Format == PixelFormat.Bgr24)
        {
            var bgr = picture.Data.Slice(3 * width * y, 3 * width);
            for (var x = 0; x < width; x++) grey[x] = (byte)((bgr[3 * x] * 3735 + bgr[3 * x + 1] * 19235 + bgr[3 * x + 2] * 9798 + (1 << 14)) >> 15);
        }
        else
        {
            var luma = picture.Luma.Slice(width * y, width);
            if (picture.Colour.Range == YuvRange.Full) luma.CopyTo(grey);
            else RangeExpansion.Map(luma, grey, RangeExpansion.Luma);
        }
    }

    private static void FromYuv(PictureView picture, int y, Span<byte> blue, Span<byte> green, Span<byte> red)
    {
        var width = picture.Width;
        var luma = picture.Data.Slice(width * y, width);
        var chroma = picture.Data[(width * picture.Height)..];
        var chromaWidth = picture.ChromaWidth;
        var planar = picture.Format == PixelFormat.I420;
        var u = planar ? chroma.Slice(chromaWidth * (y / 2), chromaWidth) : chroma.Slice(2 * chromaWidth * (y / 2), 2 * chromaWidth);
        var v = planar ? chroma.Slice(chromaWidth * picture.ChromaHeight + chromaWidth * (y / 2), chromaWidth) : u[1..];
        var step = planar ? 1 : 2;
        var numbers = Numbers.Of(picture.Colour);
        var x = 0;
        if (planar && Vector256.IsHardwareAccelerated) x = FromYuvVector(numbers, luma, u, v, blue, green, red);
        for (; x < width; x++)
        {
            var light = ((luma[x] - numbers.Black) * numbers.Luma) >> 16;
            var cb = u[x / 2 * step] - 128;
            var cr = v[x / 2 * step] - 128;
            blue[x] = Clamp(light + ((numbers.BlueU * cb) >> 16));
            green[x] = Clamp(light + ((numbers.GreenU * cb) >> 16) + ((numbers.GreenV * cr) >> 16));
            red[x] = Clamp(light + ((numbers.RedV * cr) >> 16));
        }
    }

    /// <summary>Eight pixels a turn; the same integers as the scalar loop. Returns how many pixels it did.</summary>
    private static int FromYuvVector(in Numbers numbers, ReadOnlySpan<byte> luma, ReadOnlySpan<byte> u, ReadOnlySpan<byte> v, Span<byte> blue, Span<byte> green, Span<byte> red)
    {
        var twice = Vector128.Create((byte)0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0);
        var x = 0;
        for (; x + 8 <= luma.Length; x += 8)
        {
            var light = (Widen(Vector128.CreateScalar(BitConverter.ToUInt64(luma[x..])).AsByte()) - Vector256.Create(numbers.Black)) * numbers.Luma >> 16;
            var cb = Widen(Vector128.Shuffle(Vector128.CreateScalar(BitConverter.ToUInt32(u[(x / 2)..])).AsByte(), twice)) - Vector256.Create(128);
            var cr = Widen(Vector128.Shuffle(Vector128.CreateScalar(BitConverter.ToUInt32(v[(x / 2)..])).AsByte(), twice)) - Vector256.Create(128);
            Narrow(light + (cb * numbers.BlueU >> 16), blue[x..]);
            Narrow(light + (cb * numbers.GreenU >> 16) + (cr * numbers.GreenV >> 16), green[x..]);
            Narrow(light + (cr * numbers.RedV >> 16), red[x..]);
        }
        return x;
    }

    private static Vector256<int> Widen(Vector128<byte> low8) =>
        Vector256.WidenLower(Vector128.WidenLower(low8).AsInt16().ToVector256Unsafe());

    private static void Narrow(Vector256<int> values, Span<byte> target)
    {
        var shorts = Vector128.NarrowWithSaturation(values.GetLower(), values.GetUpper());
        var bytes = Vector128.NarrowWithSaturation(Vector128.Max(shorts, Vector128<short>.Zero).AsUInt16(), Vector128<ushort>.Zero);
        BitConverter.TryWriteBytes(target, bytes.AsUInt64().ToScalar());
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);

    // 16 fraction bits, each from 13 bits, and each term rounded down: the numbers of ffmpeg's own converter, so that a frame here is the frame
    // OpenCV or ffmpeg gave whoever trained the model.
    private readonly record struct Numbers(int Black, int Luma, int RedV, int GreenU, int GreenV, int BlueU)
    {
        public static Numbers Of(YuvColour colour)
        {
            var exact = YuvCoefficients.Of(colour);
            return new(exact.Black, Fixed(exact.Luma), Fixed(exact.RedV), Fixed(exact.GreenU), Fixed(exact.GreenV), Fixed(exact.BlueU));
        }

        private static int Fixed(double coefficient) => (int)Math.Round(coefficient * 8192) * 8;
    }
}
