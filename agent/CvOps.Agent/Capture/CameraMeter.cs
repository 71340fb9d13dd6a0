using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Capture;

/// <summary>What a camera's frames came to over an interval.</summary>
/// <param name="LatencyMsP99">Received to result; 0 without frames.</param>
internal readonly record struct CameraInterval(double Fps, double LatencyMsP99);

/// <summary>Counts a camera's frames; safe from any thread.</summary>
internal sealed class CameraMeter(TimeProvider time)
{
    // Sorted for a percentile once a report; the newest are kept when a camera is faster than that.
    private const int LatencySamples = 4096;

    private readonly Lock _gate = new();
    private readonly double[] _latencies = new double[LatencySamples];
    private long _inInterval;
    private long _intervalStarted = time.GetTimestamp();
    private long _captured, _arrived, _inspected, _dropped, _passedOver, _errors, _frozen, _damages, _rejects;
    private string? _lastClass;
    private bool _lastReject, _decided;

    /// <summary>Frames that the camera sent, frozen ones among them.</summary>
    public long FramesCaptured => Interlocked.Read(ref _captured);

    public long FramesInspected => Interlocked.Read(ref _inspected);

    public long FramesDropped => Interlocked.Read(ref _dropped);

    public long InferenceErrors => Interlocked.Read(ref _errors);

    /// <summary>Frames that inference is done with: inspected, failed, or given up by its own decision. Those that fresher ones displaced are none of its doing.</summary>
    public long FramesFinished => FramesInspected + InferenceErrors + Interlocked.Read(ref _passedOver);

    /// <summary>Frames that wait for inference or are on its way. A moment's number: the counters behind it go on meanwhile.</summary>
    public long FramesInHand => Interlocked.Read(ref _arrived) - FramesInspected - InferenceErrors - FramesDropped;

    /// <summary>Frames of a frozen picture, which are not inspected.</summary>
    public long FramesFrozen => Interlocked.Read(ref _frozen);

    /// <summary>Lost packets and broken pictures that the decoder lived with, over all connections.</summary>
    public long StreamDamages { get => Interlocked.Read(ref _damages); set => Interlocked.Exchange(ref _damages, value); }

    public void Inspected(double latencyMs, bool failed)
    {
        if (failed) Interlocked.Increment(ref _errors);
        else Interlocked.Increment(ref _inspected);
        lock (_gate) _latencies[_inInterval++ % LatencySamples] = latencyMs;
    }

    /// <summary>Predictions that rejected.</summary>
    public long Rejects => Interlocked.Read(ref _rejects);

    /// <summary>Of the newest prediction; null before the first.</summary>
    public LastDecision? Last
    {
        get { lock (_gate) return _decided ? new LastDecision(_lastClass, _lastReject) : null; }
    }

    public void Decided(string? top, bool reject)
    {
        if (reject) Interlocked.Increment(ref _rejects);
        lock (_gate) (_decided, _lastClass, _lastReject) = (true, top, reject);
    }

    public void Captured() => Interlocked.Increment(ref _captured);

    public void Arrived() => Interlocked.Increment(ref _arrived);

    public void Dropped() => Interlocked.Increment(ref _dropped);

    /// <summary>Dropped by inference itself, which would have had time for it: the frame was too old, or no model is in charge.</summary>
    public void PassedOver()
    {
        Interlocked.Increment(ref _passedOver);
        Dropped();
    }

    public void Frozen() => Interlocked.Increment(ref _frozen);

    /// <summary>The interval since the last call; begins a new one.</summary>
    public CameraInterval TakeInterval()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var seconds = time.GetElapsedTime(_intervalStarted, now).TotalSeconds;
            var kept = (int)Math.Min(_inInterval, LatencySamples);
            Array.Sort(_latencies, 0, kept);
            var interval = new CameraInterval(seconds > 0 ? _inInterval / seconds : 0, kept == 0 ? 0 : _latencies[(int)Math.Ceiling(0.99 * kept) - 1]);
            _inInterval = 0;
            _intervalStarted = now;
            return interval;
        }
    }
}
