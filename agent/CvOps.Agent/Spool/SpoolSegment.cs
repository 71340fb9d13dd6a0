using System.Buffers;
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
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            var at = from;
            while (true)
            {
                var seen = Fill(file, buffer.AsMemory(0, SpoolRecord.HeaderBytes), at);
                var size = SpoolRecord.Length(buffer.AsSpan(0, seen));
                if (size == 0 || at + size > length) return at;
                if (size > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(size);
                }
                var record = buffer.AsMemory(0, size);
                if (Fill(file, record, at) < size || !SpoolRecord.IsWhole(record.Span) || SpoolRecord.PositionOf(record.Span) != expected) return at;
                at += size;
                expected++;
                if (!take(record)) return at;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Fill(SafeFileHandle file, Memory<byte> buffer, long at)
    {
        var done = 0;
        while (done < buffer.Length)
        {
            var count = RandomAccess.Read(file, buffer.Span[done..], at + done);
            if (count == 0) break;
            done += count;
        }
        return done;
    }
}
