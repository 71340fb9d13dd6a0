using CvOps.Agent.Spool;

namespace CvOps.Agent.Link;

/// <summary>
/// What the broker has acknowledged, held back until it is sure to be on the broker's disk: one that is killed forgets what came since it last saved
/// its memory. A message is let go by an acknowledgement that comes so much later over the same connection: only that proves that the broker lived on.
/// Forgotten with the connection, so that these messages are sent again; the fleet recognises them.
/// </summary>
/// <param name="hold">From the acknowledgement on; zero for a broker that saves first.</param>
/// <param name="release">Everything of a class up to a position.</param>
internal sealed class HeldAcknowledgements(TimeSpan hold, TimeProvider time, Action<SpoolClass, long> release)
{
    /// <summary>Positions of so short a time are kept as one.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly List<(long At, long Position, int Messages)>[] _held = [.. SpoolClasses.All.Select(_ => new List<(long, long, int)>())];

    /// <summary>Acknowledged, and not let go yet.</summary>
    public int Messages { get; private set; }

    /// <summary>The broker has just acknowledged a message, and with it everything before it of its class.</summary>
    public void Add(SpoolClass of, long position)
    {
        if (hold <= TimeSpan.Zero)
        {
            release(of, position);
            return;
        }
        var held = _held[(int)of];
        // A step begins with its first position and is let go by its last.
        if (held.Count > 0 && time.GetElapsedTime(held[^1].At) < Step) held[^1] = (held[^1].At, position, held[^1].Messages + 1);
        else held.Add((time.GetTimestamp(), position, 1));
        Messages++;
        Release();
    }

    /// <summary>The connection is lost, and perhaps the broker with what it had.</summary>
    public void Forget()
    {
        foreach (var held in _held) held.Clear();
        Messages = 0;
    }

    private void Release()
    {
        for (var of = 0; of < _held.Length; of++)
        {
            var held = _held[of];
            var old = 0;
            for (; old < held.Count && time.GetElapsedTime(held[old].At) >= hold + Step; old++) Messages -= held[old].Messages;
            if (old == 0) continue;
            release((SpoolClass)of, held[old - 1].Position);
            held.RemoveRange(0, old);
        }
    }
}
