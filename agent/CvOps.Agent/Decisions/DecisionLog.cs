using System.Globalization;

namespace CvOps.Agent.Decisions;

/// <summary>The records on disk, oldest first by name, within a budget of bytes. One writer.</summary>
internal sealed class DecisionLog
{
    private readonly string _folder;
    private readonly long _budgetBytes;
    private readonly Queue<(string Path, long Bytes)> _files = [];
    private long _bytes;
    private long _evicted;

    /// <exception cref="IOException">The folder cannot be made or read.</exception>
    public DecisionLog(string folder, long budgetBytes)
    {
        (_folder, _budgetBytes) = (Directory.CreateDirectory(folder).FullName, budgetBytes);
        foreach (var leftover in Directory.EnumerateFiles(_folder, "*.partial")) File.Delete(leftover);
        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles("*" + DecisionFile.Extension).OrderBy(file => file.Name, StringComparer.Ordinal)) Add(file.FullName, file.Length);
        Evict();
    }

    /// <summary>On disk now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Records deleted for newer ones, since the start.</summary>
    public long Evicted => Interlocked.Read(ref _evicted);

    /// <exception cref="IOException">The disk refuses.</exception>
    public void Write(DecisionRecord record, ReadOnlySpan<byte> pixels)
    {
        var path = Path.Combine(_folder, NameOf(record));
        Add(path, DecisionFile.Write(path, record, pixels));
        Evict();
    }

    /// <summary>Capture time, camera, connection and frame: sorts by age and names the frame.</summary>
    public static string NameOf(DecisionRecord record) => string.Create(CultureInfo.InvariantCulture,
        $"{record.CapturedAt.UtcDateTime:yyyyMMdd'T'HHmmss'.'fffffff}-{record.Camera}-{record.Connection}-{record.Frame}{DecisionFile.Extension}");

    private void Add(string path, long bytes)
    {
        _files.Enqueue((path, bytes));
        Interlocked.Add(ref _bytes, bytes);
    }

    private void Evict()
    {
        while (Bytes > _budgetBytes && _files.TryDequeue(out var oldest))
        {
            File.Delete(oldest.Path);
            Interlocked.Add(ref _bytes, -oldest.Bytes);
            Interlocked.Increment(ref _evicted);
        }
    }
}
