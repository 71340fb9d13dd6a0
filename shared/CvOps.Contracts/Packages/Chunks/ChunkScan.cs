namespace CvOps.Contracts.Packages.Chunks;

/// <param name="offset">Of its first byte in the file.</param>
/// <param name="bytes">Valid during the call.</param>
public delegate void ChunkFound(long offset, ReadOnlySpan<byte> bytes);

/// <summary>Cuts a file from its beginning to its end in bounded memory.</summary>
public static class ChunkScan
{
    private const int BufferBytes = 1024 * 1024;

    /// <param name="average">One that <see cref="ChunkCutter.IsAverage"/>.</param>
    /// <exception cref="IOException">The file cannot be read; chunks found before were told.</exception>
    public static void Each(Stream file, int average, ChunkFound found, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(found);
        var most = ChunkCutter.MostOf(average);
        var buffer = new byte[Math.Max(BufferBytes, 2 * most)];
        var (start, end, offset, ended) = (0, 0, 0L, false);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!ended && end - start < most)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                var read = file.ReadAtLeast(buffer.AsSpan(end), buffer.Length - end, throwOnEndOfStream: false);
                ended = end + read < buffer.Length;
                end += read;
            }
            if (start == end) return;
            var length = ChunkCutter.Cut(buffer.AsSpan(start, end - start), average);
            found(offset, buffer.AsSpan(start, length));
            start += length;
            offset += length;
        }
    }
}
