using System.Buffers.Binary;

namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>
/// Looks at the end of a zip (APPNOTE.TXT 4.3.12 to 4.3.16) before anybody reads its directory into memory: an archive of nothing but directory could have
/// any number of entries. Pure but for reading.
/// </summary>
internal static class ZipDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint LocatorSignature = 0x07064b50;
    private const int EndBytes = 22;
    private const int LocatorBytes = 20;
    private const int MostComment = ushort.MaxValue;

    // A directory entry has 46 bytes, a name and what programs add; names are rarely longer than this.
    private const int BytesAnEntry = 600;

    /// <returns>Why the archive is not opened, in a sentence; null when it may be.</returns>
    public static string? Refuse(FileStream file, int mostEntries)
    {
        var tail = new byte[Math.Min(file.Length, EndBytes + MostComment + LocatorBytes)];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        file.Position = 0;
        var end = FindEnd(tail);
        if (end < 0) return "The archive has no end: it is cut off or no zip.";

        long entries = BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(end + 10));
        long start = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));
        var at = file.Length - tail.Length + end;
        if (end >= LocatorBytes && BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end - LocatorBytes)) == LocatorSignature)
        {
            var record = BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(end - LocatorBytes + 8));
            if (record < 0 || record > file.Length - 56) return "The archive's directory lies beyond its end.";
            var big = new byte[56];
            file.Position = record;
            file.ReadExactly(big);
            file.Position = 0;
            (entries, start, at) = (BinaryPrimitives.ReadInt64LittleEndian(big.AsSpan(32)), BinaryPrimitives.ReadInt64LittleEndian(big.AsSpan(48)), record);
        }
        if (entries > mostEntries || entries < 0) return $"The archive has {entries} files; at most {mostEntries} are taken.";
        if (start < 0 || start > at) return "The archive's directory lies beyond its end.";
        return at - start > (long)mostEntries * BytesAnEntry ? $"The archive's directory has {at - start} bytes, more than {mostEntries} files need." : null;
    }

    private static int FindEnd(ReadOnlySpan<byte> tail)
    {
        for (var at = tail.Length - EndBytes; at >= 0; at--)
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[at..]) == EndSignature) return at;
        return -1;
    }
}
