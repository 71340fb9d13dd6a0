namespace CvOps.Fleet.Training;

/// <summary>What a trainer said on both its outputs, as it came. Attempts follow one another; what goes beyond <see cref="Most"/> is left out, and that is said.</summary>
internal sealed class RunLog : IDisposable
{
    public const long Most = 4 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly FileStream _file;
    private readonly StreamWriter _writer;
    private long _lastHeard;
    private bool _full;

    public RunLog(string path, TimeProvider time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _writer = new StreamWriter(_file) { AutoFlush = true };
        Time = time;
        _lastHeard = time.GetTimestamp();
    }

    /// <summary>Since the last line.</summary>
    public TimeSpan Silence => Time.GetElapsedTime(Interlocked.Read(ref _lastHeard));

    private TimeProvider Time { get; }

    public void Write(string line)
    {
        Interlocked.Exchange(ref _lastHeard, Time.GetTimestamp());
        lock (_lock)
        {
            if (_full) return;
            if (_file.Position + line.Length > Most)
            {
                _full = true;
                line = $"(The log has {Most} bytes; what follows is left out.)";
            }
            _writer.WriteLine(line);
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        _file.Dispose();
    }
}
