namespace CvOps.Fleet.Devices.Liveness;

/// <summary>
/// When to look at which item again, one tick a slot (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987). An item is in one slot at most
/// and costs four bytes; what moves its due time later costs nothing, as whoever looks puts it back. Pure; for one thread at a time.
/// </summary>
internal sealed class TimingWheel
{
    private const int Slots = 512;

    /// <summary>Item and one, so that 0 is none; by slot, and by item the next in its slot.</summary>
    private readonly int[] _first = new int[Slots];

    private int[] _next = new int[64];
    private long _tick;

    /// <summary>Asks for a look at that tick, or after a whole turn where it is farther away; at the next tick when it is over.</summary>
    /// <param name="item">From 0; not in the wheel.</param>
    public void Add(int item, long tick)
    {
        if (item >= _next.Length) Array.Resize(ref _next, Math.Max(_next.Length * 2, item + 1));
        ref var slot = ref _first[Math.Clamp(tick, _tick + 1, _tick + Slots - 1) % Slots];
        _next[item] = slot;
        slot = item + 1;
    }

    /// <summary>Takes out what is due up to that tick.</summary>
    public void Advance(long tick, List<int> due)
    {
        for (var left = Math.Min(tick - _tick, Slots); left > 0; left--)
        {
            // After a long sleep one turn has seen every slot.
            ref var slot = ref _first[++_tick % Slots];
            for (var item = slot; item != 0; item = _next[item - 1]) due.Add(item - 1);
            slot = 0;
        }
        _tick = Math.Max(_tick, tick);
    }
}
