namespace CvOps.Fleet.Access;

/// <summary>Counts failures by who failed, in windows of a minute. Remembers a bounded number of names: beyond, all others share one count. Safe to share.</summary>
internal sealed class AttemptLimit(int most, TimeProvider time)
{
    private const int Names = 1024;
    private const string Others = "";
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, int> _failures = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private DateTimeOffset _end;

    /// <returns>Failures of that name in this window, this one included.</returns>
    public int Failed(string name)
    {
        lock (_lock)
        {
            Turn();
            if (!_failures.ContainsKey(name) && _failures.Count >= Names) name = Others;
            return _failures[name] = _failures.GetValueOrDefault(name) + 1;
        }
    }

    /// <summary>Whether that name has failed so often that it is not listened to.</summary>
    public bool IsReached(string name)
    {
        lock (_lock)
        {
            Turn();
            return _failures.GetValueOrDefault(_failures.ContainsKey(name) || _failures.Count < Names ? name : Others) >= most;
        }
    }

    private void Turn()
    {
        var now = time.GetUtcNow();
        if (now < _end) return;
        _failures.Clear();
        _end = now + Window;
    }
}
