namespace CvOps.Benchmarks;

/// <summary>
/// The clock of the machine, which also notes what each thread that asks it has allocated: every stage of the frame path asks it for every frame,
/// so the threads of the path are those that ask most. Counts exactly; allocates nothing itself once a thread is known.
/// </summary>
internal sealed class ThreadAllocations : TimeProvider, IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Note> _notes = [];
    private readonly ThreadLocal<Note> _mine;
    private volatile int _round;

    public ThreadAllocations() => _mine = new ThreadLocal<Note>(() =>
    {
        var note = new Note();
        lock (_gate) _notes.Add(note);
        return note;
    });

    private sealed class Note
    {
        public int Round;
        public long First, Last, Asked;
    }

    public override long GetTimestamp()
    {
        var note = _mine.Value!;
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        if (note.Round != _round) (note.Round, note.First, note.Asked) = (_round, bytes, 0);
        (note.Last, note.Asked) = (bytes, note.Asked + 1);
        return base.GetTimestamp();
    }

    /// <summary>Counts from here on.</summary>
    public void Begin() => _round++;

    /// <summary>Bytes of the threads that asked at least so often, from their first question to their last, and how many threads they are.</summary>
    public (long Bytes, int Threads) Of(int frames)
    {
        lock (_gate)
        {
            var busy = _notes.Where(note => note.Round == _round && note.Asked >= frames).ToList();
            return (busy.Sum(note => note.Last - note.First), busy.Count);
        }
    }

    public void Dispose() => _mine.Dispose();
}
