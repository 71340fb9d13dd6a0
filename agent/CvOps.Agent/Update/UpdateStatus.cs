using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>
/// How far the step in progress is and what it waits for: told by the step, read by whoever reports it. Of the moment, never on disk.
/// Safe from any thread.
/// </summary>
internal sealed class UpdateStatus(TimeProvider time)
{
    /// <summary>At most one report in this time while a step only moves on: the twin is a document, not a stream.</summary>
    private static readonly TimeSpan SpeakEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long _spoken;
    private ReportedProgress? _progress;
    private ReportedWait? _wait;
    private ReportedShadow? _shadow;

    /// <summary>Raised on the step's thread when there is something new to say.</summary>
    public event Action? Changed;

    public ReportedProgress? Progress
    {
        get
        {
            lock (_gate) return _progress;
        }
    }

    public ReportedWait? Wait
    {
        get
        {
            lock (_gate) return _wait;
        }
    }

    /// <summary>How the model that is in shadow only does; null while there is none.</summary>
    public ReportedShadow? Shadow
    {
        get
        {
            lock (_gate) return _shadow;
        }
    }

    /// <summary>What is known of the shadow now.</summary>
    /// <param name="speak">Worth a report of its own.</param>
    public void Shadows(ReportedShadow? shadow, bool speak)
    {
        lock (_gate) _shadow = shadow;
        if (speak) Changed?.Invoke();
    }

    /// <summary>So much of the step is done; in bytes while something is fetched.</summary>
    /// <param name="fraction">0..1.</param>
    public void Progressed(double fraction, long? bytes = null, long? ofBytes = null)
    {
        lock (_gate)
        {
            var next = new ReportedProgress(Math.Clamp(fraction, 0, 1), bytes, ofBytes);
            if (next == _progress) return;
            var first = _progress is null;
            _progress = next;
            if (!first && time.GetElapsedTime(_spoken) < SpeakEvery) return;
            _spoken = time.GetTimestamp();
        }
        Changed?.Invoke();
    }

    /// <summary>The step stands until something happens outside. Said once, however often it is told.</summary>
    /// <param name="what">What is waited for, in words that follow "waits for".</param>
    /// <param name="until">When it happens by itself; null when nobody knows.</param>
    public void WaitsFor(string what, DateTimeOffset? until = null)
    {
        lock (_gate)
        {
            if (_wait is { } now && now.For == what && now.Until == until) return;
            _wait = new ReportedWait(what, _wait?.Since ?? time.GetUtcNow(), until);
        }
        Changed?.Invoke();
    }

    public void WaitsNoMore()
    {
        lock (_gate)
        {
            if (_wait is null) return;
            _wait = null;
        }
        Changed?.Invoke();
    }

    /// <summary>The next step begins.</summary>
    public void Clear()
    {
        lock (_gate) (_progress, _wait) = (null, null);
    }
}
