using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace CvOps.Vision;

/// <summary>Lossless files: PNG (ISO/IEC 15948), 8 bits a channel, colour or grey.</summary>
public static class PngWriter
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];
    private static readonly uint[] CrcTable = MakeCrcTable();

    public static byte[] Encode(PictureView picture)
    {
        var grey = picture.Format == PixelFormat.Grey8;
        using var file = new MemoryStream();
        file.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], picture.Height);
        header[8] = 8;
        header[9] = (byte)(grey ? 0 : 2);
        Chunk(file, "IHDR", header);
        Chunk(file, "IDAT", grey ? DeflateGrey(picture) : DeflateColour(picture));
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static ReadOnlySpan<byte> DeflateGrey(PictureView picture)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < picture.Height; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(picture.Luma.Slice(y * picture.Width, picture.Width));
            }
        }
        return packed.GetBuffer().AsSpan(0, (int)packed.Length);
    }

    private static ReadOnlySpan<byte> DeflateColour(PictureView picture)
    {
        using var packed = new MemoryStream();
        var planes = new byte[3 * picture.Width];
        var row = new byte[1 + 3 * picture.Width];
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < picture.Height; y++)
            {
                PictureRows.ToBgrPlanes(picture, y, planes);
                for (var x = 0; x < picture.Width; x++)
                {
                    row[1 + 3 * x] = planes[2 * picture.Width + x];
                    row[2 + 3 * x] = planes[picture.Width + x];
                    row[3 + 3 * x] = planes[x];
                }
                zlib.Write(row);
            }
        }
        return packed.GetBuffer().AsSpan(0, (int)packed.Length);
    }

    private static void Chunk(MemoryStream file, string type, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        file.Write(word);
        Span<byte> name = stackalloc byte[4];
        Encoding.ASCII.GetBytes(type, name);
        file.Write(name);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, ~Crc(Crc(uint.MaxValue, name), data));
        file.Write(word);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (var b in data) crc = CrcTable[(byte)crc ^ b] ^ (crc >> 8);
        return crc;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (var n = 0u; n < 256; n++)
        {
            var c = n;
            for (var bit = 0; bit < 8; bit++) c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
            table[n] = c;
        }
        return table;
    }
}
