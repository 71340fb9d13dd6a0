namespace CvOps.Vision;

/// <summary>Limited (16..235) to full range (0..255), as JPEG and grey models want it. ITU-R BT.601.</summary>
internal static class RangeExpansion
{
    private static readonly byte[] LumaTable = Table(v => (v - 16) * 255.0 / 219);
    private static readonly byte[] Same = Table(v => v);
    private static readonly byte[] ChromaTable = Table(v => (v - 128) * 255.0 / 224 + 128);

    /// <summary>Full-range luma by limited-range luma.</summary>
    public static ReadOnlySpan<byte> Luma => LumaTable;

    /// <summary>Writes the picture as I420 in full range, its matrix unchanged.</summary>
    /// <param name="planes">At least as long as the picture.</param>
    public static void Expand(PictureView picture, Span<byte> planes)
    {
        var luma = picture.Luma;
        var full = picture.Colour.Range == YuvRange.Full;
        var (lumaTable, chromaTable) = full ? (Same, Same) : (LumaTable, ChromaTable);
        Map(luma, planes, lumaTable);
        var chroma = picture.Data[luma.Length..];
        var target = planes[luma.Length..];
        if (picture.Format == PixelFormat.I420)
        {
            Map(chroma, target, chromaTable);
            return;
        }
        var half = chroma.Length / 2;
        for (var i = 0; i < half; i++)
        {
            target[i] = chromaTable[chroma[2 * i]];
            target[half + i] = chromaTable[chroma[2 * i + 1]];
        }
    }

    public static void Map(ReadOnlySpan<byte> source, Span<byte> target, ReadOnlySpan<byte> table)
    {
        target = target[..source.Length];
        for (var i = 0; i < target.Length; i++) target[i] = table[source[i]];
    }

    private static byte[] Table(Func<int, double> map)
    {
        var table = new byte[256];
        for (var v = 0; v < 256; v++) table[v] = (byte)Math.Clamp(Math.Round(map(v)), 0, 255);
        return table;
    }
}
