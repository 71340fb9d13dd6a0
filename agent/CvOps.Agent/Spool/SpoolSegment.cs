using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Spool;

/// <summary>One file of the log, named by the position of its first record.</summary>
internal sealed class SpoolSegment(string path, long first, long bytes)
{
    public const string Extension = ".log";

    public string Path { get; } = path;

    /// <summary>Position of the first record.</summary>
    public long First { get; } = first;

    /// <summary>Bytes of whole records on disk.</summary>
    public long Bytes { get; set; } = bytes;

    /// <summary>When its newest record was written, milliseconds since 1970; null until somebody looked.</summary>
    public long? NewestAt { get; set; }

    public static string PathOf(string folder, long first) => System.IO.Path.Combine(folder, first.ToString("D20", CultureInfo.InvariantCulture) + Extension);

    /// <summary>The segments of a folder, oldest first. Files with other names are left alone.</summary>
    public static List<SpoolSegment> List(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFiles("*" + Extension)
            .Select(file => (file, ok: long.TryParse(System.IO.Path.GetFileNameWithoutExtension(file.Name), NumberStyles.None, CultureInfo.InvariantCulture, out var first), first))
            .Where(found => found.ok).OrderBy(found => found.first).Select(found => new SpoolSegment(found.file.FullName, found.first, found.file.Length))];

    /// <summary>Calls <paramref name="take"/> with each record that is whole and in order, until the first that is not.</summary>
    /// <param name="take">Gets the record's bytes, good only within the call; false ends the scan after it.</param>
    /// <returns>Bytes up to the end of the last record taken.</returns>
    public static long Scan(SafeFileHandle file, long from, long expected, Func<ReadOnlyMemory<byte>, bool> take)
    {
        var length = RandomAccess.GetLength(file);
        using var chunk = new SegmentChunk();
        var at = from;
        while (chunk.Record(file, at, length, expected) is { IsEmpty: false } record)
        {
            at += record.Length;
            expected++;
            if (!take(record)) return at;
        }
        return at;
    }
}
