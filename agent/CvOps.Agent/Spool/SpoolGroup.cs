using System.Buffers;

namespace CvOps.Agent.Spool;

/// <summary>What one group commit writes of one class, and the numbers its messages get. One thread.</summary>
internal sealed class SpoolGroup(SpoolStore store)
{
    private readonly ArrayBufferWriter<byte> _records = new(64 * 1024);

    public SpoolStore Store => store;

    public int Count { get; private set; }

    public int Bytes => _records.WrittenCount;

    public bool Failed { get; private set; }

    /// <summary>Sequence of the stream's next message in this boot. One that was lost is not given out again: it may have reached the disk.</summary>
    public long Sequence { get; private set; } = 1;

    public void Clear()
    {
        _records.ResetWrittenCount();
        (Count, Failed) = (0, false);
    }

    public void Add(string topic, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        SpoolRecord.Write(_records, store.Next + Count, topic, head, rest, store.Now);
        Count++;
        Sequence++;
    }

    /// <summary>First of two steps, so that one sync of the disk's journal serves all classes.</summary>
    public void Write(Action<Exception> failed) => Try(failed, static group => group.Store.Write(group.Count, group._records.WrittenMemory));

    public void Sync(Action<Exception> failed)
    {
        if (!Failed) Try(failed, static group => group.Store.Sync());
    }

    /// <summary>Once more, after a failure, in a segment of its own.</summary>
    /// <exception cref="IOException">It failed again; nothing of the group counts.</exception>
    public void Again()
    {
        store.Write(Count, _records.WrittenMemory);
        store.Sync();
        Failed = false;
    }

    private void Try(Action<Exception> failed, Action<SpoolGroup> act)
    {
        try
        {
            act(this);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failed = true;
            store.Abandon();
            failed(e);
        }
    }
}
