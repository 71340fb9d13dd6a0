using System.Buffers.Binary;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>Decodes uncompressed Windows bitmaps (BITMAPFILEHEADER, BITMAPINFOHEADER or later) of 8 bits with a palette, 24 or 32 bits.</summary>
internal static class BmpReader
{
    public static bool IsBmp(ReadOnlySpan<byte> file) => file.StartsWith("BM"u8);

    /// <exception cref="PictureException">Not such a file, damaged, or too large.</exception>
    public static DecodedPicture Decode(ReadOnlySpan<byte> file)
    {
        if (!IsBmp(file) || file.Length < 54) throw new PictureException("Not a bitmap file.");
        var pixelsAt = BinaryPrimitives.ReadInt32LittleEndian(file[10..]);
        var headerSize = BinaryPrimitives.ReadInt32LittleEndian(file[14..]);
        var (width, signedHeight) = (BinaryPrimitives.ReadInt32LittleEndian(file[18..]), BinaryPrimitives.ReadInt32LittleEndian(file[22..]));
        int bits = BinaryPrimitives.ReadInt16LittleEndian(file[28..]), compression = BinaryPrimitives.ReadInt32LittleEndian(file[30..]);
        if (signedHeight == int.MinValue || width < 1 || signedHeight == 0 || (long)width * Math.Abs(signedHeight) > JpegCodec.MaxPixels) throw new PictureException($"The bitmap is {width}x{signedHeight} pixels; at most {JpegCodec.MaxPixels} are read.");
        // 3 is BI_BITFIELDS: 32 bits with masks, which are B, G, R in every file seen in the wild.
        if (bits is not (8 or 24 or 32) || (compression != 0 && !(compression == 3 && bits == 32))) throw new PictureException($"The bitmap has {bits} bits and compression {compression}; 8, 24 or 32 bits without are read.");
        var height = Math.Abs(signedHeight);
        var rowBytes = (width * (bits / 8) + 3) / 4 * 4;
        if (headerSize < 40 || pixelsAt < 54 || pixelsAt + (long)rowBytes * height > file.Length) throw new PictureException("The bitmap is truncated.");
        var palette = bits == 8 ? file[(14 + headerSize)..pixelsAt] : default;
        var bgr = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            // The last row comes first unless the height is negative.
            var row = file.Slice(pixelsAt + rowBytes * (signedHeight > 0 ? height - 1 - y : y), rowBytes);
            for (var x = 0; x < width; x++)
            {
                var pixel = bits == 8 ? Entry(palette, row[x]) : row.Slice(x * (bits / 8), 3);
                pixel.CopyTo(bgr.AsSpan(3 * (width * y + x)));
            }
        }
        return new DecodedPicture(bgr, width, height);
    }

    private static ReadOnlySpan<byte> Entry(ReadOnlySpan<byte> palette, int index) =>
        4 * index + 3 <= palette.Length ? palette.Slice(4 * index, 3) : throw new PictureException($"The bitmap names colour {index}, which its palette does not have.");
}
