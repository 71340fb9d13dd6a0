using System.Globalization;
using CvOps.Contracts;

namespace CvOps.Agent.Spool;

/// <summary>
/// How far the fleet has acknowledged. Moves only after PUBACK: a crash here sends twice, never loses. On disk it may lag behind by
/// <see cref="SaveEvery"/>, which costs repetitions that the fleet recognises.
/// </summary>
internal sealed class SpoolCursor
{
    public static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(1);

    private const string FileName = "cursor";
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private long _position;
    private long _saved;
    private long? _savedAt;

    /// <summary>A cursor file that can't be read counts as none: everything still there is sent again.</summary>
    public SpoolCursor(string folder, TimeProvider time)
    {
        _path = Path.Combine(folder, FileName);
        _time = time;
        if (File.Exists(_path) && long.TryParse(File.ReadAllText(_path), NumberStyles.None, CultureInfo.InvariantCulture, out var position)) _position = _saved = position;
    }

    /// <summary>Position of the last acknowledged message; 0 before the first.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Only forwards.</summary>
    /// <exception cref="IOException">It was moved, but could not be saved.</exception>
    public void MoveTo(long position)
    {
        if (position <= Position) return;
        Volatile.Write(ref _position, position);
        // The first at once: a process that never lives for a second must not send everything again each time.
        if (_savedAt is not { } savedAt || _time.GetElapsedTime(savedAt) >= SaveEvery) Save();
    }

    /// <summary>Any thread.</summary>
    /// <exception cref="IOException">The disk is full or read-only.</exception>
    public void Save()
    {
        lock (_gate)
        {
            var position = Position;
            if (_saved == position) return;
            _savedAt = _time.GetTimestamp();
            DurableFile.Write(_path, System.Text.Encoding.ASCII.GetBytes(position.ToString(CultureInfo.InvariantCulture)));
            _saved = position;
        }
    }
}
