using System.Buffers.Binary;

namespace CvOps.Fleet.Frames;

/// <summary>Reads a JPEG's size without decoding it (ITU-T T.81, annex B).</summary>
internal static class JpegHeader
{
    /// <returns>False when the bytes are no JPEG with a frame header.</returns>
    public static bool TryReadSize(ReadOnlySpan<byte> jpeg, out int width, out int height)
    {
        width = height = 0;
        if (jpeg.Length < 4 || jpeg[0] != 0xFF || jpeg[1] != 0xD8) return false;
        for (var at = 2; at + 9 <= jpeg.Length;)
        {
            if (jpeg[at] != 0xFF) return false;
            var marker = jpeg[at + 1];
            if (marker == 0xFF) { at++; continue; }
            // SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC).
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                height = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 5)..]);
                width = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 7)..]);
                return width > 0 && height > 0;
            }
            if (marker is 0xD9 or 0xDA) return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 2)..]);
            if (length < 2) return false;
            at += 2 + length;
        }
        return false;
    }
}
