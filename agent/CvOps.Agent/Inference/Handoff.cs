namespace CvOps.Agent.Inference;

/// <summary>Hands work from one stage's thread to the next one's, in order. Bounded by the few jobs there are.</summary>
internal sealed class Handoff<T>(int capacity) where T : class
{
    private readonly object _gate = new();
    private readonly Queue<T> _waiting = new(capacity);
    private bool _closed;

    /// <summary>True while the other side has something to begin with: no hurry to hand over more.</summary>
    public bool Busy
    {
        get
        {
            lock (_gate) return _waiting.Count > 0;
        }
    }

    public void Put(T item)
    {
        lock (_gate)
        {
            _waiting.Enqueue(item);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>The next item, however long it takes; null when closed and empty.</summary>
    public T? Take()
    {
        lock (_gate)
        {
            T? item;
            while (!_waiting.TryDequeue(out item))
            {
                if (_closed) return null;
                Monitor.Wait(_gate);
            }
            return item;
        }
    }

    /// <summary>Nothing more will come; what waits is still taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}
