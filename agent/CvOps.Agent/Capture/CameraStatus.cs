using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Capture;

/// <summary>Where a camera stands: its state, why, and what is counted about its connections. Any thread.</summary>
internal sealed class CameraStatus(CameraOptions options, TimeProvider time, int connectionsBefore = 0)
{
    private readonly string _address = CameraAddress.Redact(options.Url);
    private readonly Lock _gate = new();
    private CameraState _state = CameraState.Connecting;
    private string? _problem = $"Connecting to {CameraAddress.Redact(options.Url)}.";
    private long _lastProgress = time.GetTimestamp();
    private long _watchedProgress;
    private long _damageThen;
    private bool _queueIsFull;
    private bool _firstPicture = true;
    private (int Width, int Height) _size;
    private int _connections = connectionsBefore;
    private int _failures, _geometryChanges;

    public CameraState State { get { lock (_gate) return _state; } }

    /// <summary>Why the camera is not live; null when it is.</summary>
    public string? Problem { get { lock (_gate) return _problem; } }

    /// <summary>Size of the latest connection's pictures; 0x0 before the first.</summary>
    public (int Width, int Height) Size { get { lock (_gate) return _size; } }

    /// <summary>Connections begun.</summary>
    public int Connections { get { lock (_gate) return _connections; } }

    /// <summary>Connections in a row that ended before a picture, from the last good one.</summary>
    public int Failures { get { lock (_gate) return _failures; } }

    public int GeometryChanges { get { lock (_gate) return _geometryChanges; } }

    /// <summary>A connection is about to be made.</summary>
    /// <returns>Its number, from 1.</returns>
    public int Begin()
    {
        lock (_gate)
        {
            if (_state == CameraState.Lost) _state = CameraMachine.Next(_state, CameraEvent.Retry);
            _lastProgress = time.GetTimestamp();
            _firstPicture = true;
            return ++_connections;
        }
    }

    /// <summary>The stream has said the size of its pictures.</summary>
    /// <param name="counts">Whether another size than before is a change.</param>
    /// <returns>The size before, when it was another one; else null.</returns>
    public (int Width, int Height)? Opened(int width, int height, bool counts = true)
    {
        lock (_gate)
        {
            var before = _size;
            _size = (width, height);
            if (!counts || before == default || before == _size) return null;
            _geometryChanges++;
            return before;
        }
    }

    /// <summary>A picture has been read.</summary>
    /// <param name="frozenFor">How long the camera has shown this picture or its loop; null for a new one.</param>
    /// <param name="loop">Length of the loop, 1 for a still picture.</param>
    /// <returns>What changed by it.</returns>
    public CameraChange Picture(TimeSpan? frozenFor = null, int loop = 0)
    {
        lock (_gate)
        {
            _lastProgress = time.GetTimestamp();
            var (before, first) = (_state, _firstPicture);
            _firstPicture = false;
            _state = CameraMachine.Next(_state, frozenFor is null ? CameraEvent.Picture : CameraEvent.Repeat);
            if (_state == CameraState.Live)
            {
                if (before == CameraState.Live && !first) return CameraChange.None;
                (_problem, _failures) = (null, 0);
                return first ? CameraChange.Connected : CameraChange.Back;
            }
            if (frozenFor is { } duration && _state == CameraState.Stale)
            {
                _failures = 0;
                _problem = loop == 1
                    ? $"{_address} has shown the same picture for {duration.TotalSeconds:0} s although frames arrive: check the camera, or set frozen-after-seconds to 0 if the scene is that still."
                    : $"{_address} has repeated the same {loop} pictures for {duration.TotalSeconds:0} s: check what feeds it, or set frozen-after-seconds to 0 if that is meant to be.";
                if (before != CameraState.Stale) return CameraChange.Frozen;
            }
            return CameraChange.None;
        }
    }

    /// <summary>The reader waits for the consumer, or no longer: a camera that waits is not silent.</summary>
    public void QueueIsFull(bool full)
    {
        lock (_gate)
        {
            _queueIsFull = full;
            _lastProgress = time.GetTimestamp();
        }
    }

    /// <summary>Looks at the clock, beside the reader, which may be stuck in a read for ever.</summary>
    /// <param name="damage">Of the connection so far. When it grows while no picture comes, it is the reason.</param>
    /// <returns>The new state when the camera has been silent for too long; else null.</returns>
    public CameraState? Watch(StreamDamage damage)
    {
        lock (_gate)
        {
            if (_watchedProgress != _lastProgress) (_watchedProgress, _damageThen) = (_lastProgress, damage.Count);
            if (_queueIsFull || CameraMachine.Patience(_state, options) is not { } patience) return null;
            var silence = time.GetElapsedTime(_lastProgress);
            if (silence < patience) return null;
            _state = CameraMachine.Next(_state, CameraEvent.Silence);
            _problem = damage.Latest is { } latest && (damage.Count > _damageThen || _firstPicture)
                ? $"{_address} has sent no picture that can be used for {silence.TotalSeconds:0} s: {latest}"
                : $"{_address} has sent no frame for {silence.TotalSeconds:0} s: check camera and network.";
            return _state;
        }
    }

    public void Lose(string cause)
    {
        lock (_gate)
        {
            // Killed for its silence: that is the cause, not what the child said when it died.
            if (_state != CameraState.Lost) _problem = cause;
            _state = CameraMachine.Next(_state, CameraEvent.Ended);
            _failures++;
        }
    }

    public void Finish(long frames)
    {
        lock (_gate)
        {
            _state = CameraMachine.Next(_state, CameraEvent.Finished);
            _problem = $"{_address} has been played to its end, {frames} frames; set loop to begin again.";
        }
    }
}

/// <summary>What a picture changed.</summary>
internal enum CameraChange { None, Connected, Back, Frozen }
