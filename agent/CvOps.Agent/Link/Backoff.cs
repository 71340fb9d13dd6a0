namespace CvOps.Agent.Link;

/// <summary>
/// Pauses between attempts: the bound doubles from <paramref name="first"/> to <paramref name="longest"/>, the pause is drawn evenly from its upper half,
/// so that a fleet whose broker came back does not return in one wave.
/// </summary>
/// <param name="chance">Even numbers in [0, 1).</param>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, Func<double> chance)
{
    private int _attempts;

    /// <summary>The pause after one more failure.</summary>
    public TimeSpan Next()
    {
        var bound = Math.Min(longest.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(_attempts++, 30)));
        return TimeSpan.FromSeconds(bound * (0.5 + chance() / 2));
    }

    /// <summary>After a success.</summary>
    public void Reset() => _attempts = 0;
}
