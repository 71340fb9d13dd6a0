using System.Buffers.Binary;
using System.IO.Compression;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>Decodes PNG files (W3C PNG, third edition) of every colour type and depth, not interlaced; transparency is left out, 16 bits are cut to 8.</summary>
internal static class PngReader
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    public static bool IsPng(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    /// <exception cref="PictureException">Not a PNG, damaged, too large, or interlaced.</exception>
    public static DecodedPicture Decode(ReadOnlySpan<byte> file)
    {
        if (!IsPng(file)) throw new PictureException("Not a PNG file.");
        var (width, height, depth, colour) = (0, 0, 0, 0);
        byte[] palette = [];
        using var packed = new MemoryStream();
        for (var at = Signature.Length; ;)
        {
            if (file.Length - at < 12) throw new PictureException("The PNG is truncated.");
            var length = BinaryPrimitives.ReadInt32BigEndian(file[at..]);
            if (length < 0 || length > file.Length - at - 12) throw new PictureException("The PNG is truncated.");
            var type = file.Slice(at + 4, 4);
            var data = file.Slice(at + 8, length);
            at += 12 + length;
            if (type.SequenceEqual("IHDR"u8))
            {
                if (length < 13) throw new PictureException("The PNG header is damaged.");
                (width, height, depth, colour) = (BinaryPrimitives.ReadInt32BigEndian(data), BinaryPrimitives.ReadInt32BigEndian(data[4..]), data[8], data[9]);
                if (width < 1 || height < 1 || (long)width * height > JpegCodec.MaxPixels) throw new PictureException($"The PNG is {width}x{height} pixels; at most {JpegCodec.MaxPixels} are read.");
                if (data[12] != 0) throw new PictureException("The PNG is interlaced; save it without.");
            }
            else if (type.SequenceEqual("PLTE"u8)) palette = data.ToArray();
            else if (type.SequenceEqual("IDAT"u8)) packed.Write(data);
            else if (type.SequenceEqual("IEND"u8)) break;
        }
        var channels = colour switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        if (channels == 0 || depth is not (1 or 2 or 4 or 8 or 16) || width == 0) throw new PictureException($"The PNG has colour type {colour} with {depth} bits, which does not exist.");
        packed.Position = 0;
        return new DecodedPicture(Unpack(packed, width, height, depth, colour, channels, palette), width, height);
    }

    private static byte[] Unpack(MemoryStream packed, int width, int height, int depth, int colour, int channels, byte[] palette)
    {
        var step = Math.Max(1, channels * depth / 8);
        var rowBytes = (int)(((long)width * channels * depth + 7) / 8);
        var (row, above) = (new byte[rowBytes + 1], new byte[rowBytes + 1]);
        var bgr = new byte[width * height * 3];
        using var pixels = new ZLibStream(packed, CompressionMode.Decompress);
        try
        {
            for (var y = 0; y < height; y++)
            {
                pixels.ReadExactly(row);
                Unfilter(row, above, step);
                var target = bgr.AsSpan(3 * width * y, 3 * width);
                for (var x = 0; x < width; x++) Put(target.Slice(3 * x, 3), row.AsSpan(1), x, depth, colour, channels, palette);
                (row, above) = (above, row);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new PictureException("The PNG's pixels are damaged or truncated.", e);
        }
        return bgr;
    }

    /// <summary>Clause 9 of the standard. The filter's number stands in the row's first byte.</summary>
    private static void Unfilter(Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        for (var i = 1; i < row.Length; i++)
        {
            int left = i > step ? row[i - step] : 0, up = above[i], corner = i > step ? above[i - step] : 0;
            row[i] += (byte)(row[0] switch
            {
                1 => left,
                2 => up,
                3 => (left + up) / 2,
                4 => Paeth(left, up, corner),
                _ => 0,
            });
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        var (a, b, c) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - 2 * corner));
        if (a <= b && a <= c) return left;
        return b <= c ? up : corner;
    }

    private static void Put(Span<byte> bgr, ReadOnlySpan<byte> row, int x, int depth, int colour, int channels, byte[] palette)
    {
        if (colour is 2 or 6)
        {
            var at = x * channels * depth / 8;
            var next = depth / 8;
            (bgr[2], bgr[1], bgr[0]) = (row[at], row[at + next], row[at + 2 * next]);
            return;
        }
        var value = depth >= 8 ? row[x * channels * depth / 8] : row[x * depth / 8] >> (8 - depth - x * depth % 8) & ((1 << depth) - 1);
        if (colour != 3)
        {
            bgr.Fill((byte)(depth >= 8 ? value : value * 255 / ((1 << depth) - 1)));
            return;
        }
        if (3 * value + 2 >= palette.Length) throw new PictureException($"The PNG names colour {value}, which its palette does not have.");
        (bgr[2], bgr[1], bgr[0]) = (palette[3 * value], palette[3 * value + 1], palette[3 * value + 2]);
    }
}
