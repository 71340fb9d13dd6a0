namespace CvOps.Benchmarks;

/// <summary>
/// While this lives, the kernel gives other sessions of the machine only what this one and its children leave (autogroups of sched(7)), as on a
/// device that has nothing else to do: a compiler beside a benchmark must not be taken for the agent's own pauses. Threads of this session keep
/// their order among themselves. Without the right to it (CAP_SYS_NICE) nothing changes.
/// </summary>
internal sealed class AheadOfOthers : IDisposable
{
    private const string Group = "/proc/self/autogroup";
    private const int First = -19;

    private readonly int? _before;

    public AheadOfOthers()
    {
        try
        {
            var before = File.ReadAllText(Group).Trim().Split(' ')[^1];
            File.WriteAllText(Group, $"{First}");
            _before = int.Parse(before, System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            Console.WriteLine($"Other programs of this machine have the same right to its processors as this benchmark ({e.Message.TrimEnd('.')}).");
        }
    }

    public void Dispose()
    {
        if (_before is { } before) File.WriteAllText(Group, $"{before}");
    }
}
