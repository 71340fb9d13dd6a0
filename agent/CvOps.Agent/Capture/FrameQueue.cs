namespace CvOps.Agent.Capture;

/// <summary>
/// Frames of all cameras for one consumer, a bounded lane each, served in turn: a fast camera delays but never displaces another one's frames.
/// Live lanes drop their oldest frame when full, dispose it and count it; the others make their camera wait.
/// </summary>
internal sealed class FrameQueue : IDisposable
{
    private readonly object _gate = new();
    private readonly List<CameraLane> _lanes = [];
    private int _next;
    private bool _ended;
    private bool _closed;

    public void Add(CameraLane lane)
    {
        lock (_gate) _lanes.Add(lane);
    }

    /// <summary>Takes a camera's lane away and gives back what waits in it, counted as dropped; its later frames are refused.</summary>
    public void Remove(CameraLane lane)
    {
        lock (_gate)
        {
            if (!_lanes.Remove(lane)) return;
            lane.Closed = true;
            _next = 0;
            while (lane.Waiting.TryDequeue(out var frame))
            {
                frame.Dispose();
                lane.Meter.Dropped();
            }
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Hands a frame over; the queue owns it from here on, whatever comes.</summary>
    /// <exception cref="OperationCanceledException">Stopping; the frame has been given back.</exception>
    public void Put(Frame frame, CancellationToken cancellationToken)
    {
        var lane = frame.Lane;
        using var wake = lane.DropsOldest ? default : WakeOn(cancellationToken);
        lock (_gate)
        {
            while (!_closed && !lane.Closed && !lane.DropsOldest && lane.Waiting.Count >= lane.Capacity && !cancellationToken.IsCancellationRequested) Monitor.Wait(_gate);
            if (_closed || lane.Closed || cancellationToken.IsCancellationRequested)
            {
                frame.Dispose();
                throw new OperationCanceledException(cancellationToken);
            }
            if (lane.Waiting.Count >= lane.Capacity)
            {
                lane.Waiting.Dequeue().Dispose();
                lane.Meter.Dropped();
            }
            lane.Arrived(frame.ReceivedTimestamp);
            lane.Waiting.Enqueue(frame);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>No further frame comes; those that wait are still taken.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The next frame, which the caller then owns; null when stopping, and after the last one of a queue that has ended.</summary>
    public Frame? Take(CancellationToken cancellationToken)
    {
        using var wake = WakeOn(cancellationToken);
        lock (_gate)
        {
            while (true)
            {
                if (_closed || cancellationToken.IsCancellationRequested) return null;
                if (Next() is { } frame) return frame;
                if (_ended) return null;
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>The next frame if one comes in time; the caller then owns it.</summary>
    public Frame? TryTake(TimeSpan patience)
    {
        lock (_gate)
        {
            if (_closed) return null;
            if (Next() is { } frame) return frame;
            return patience > TimeSpan.Zero && Monitor.Wait(_gate, patience) && !_closed ? Next() : null;
        }
    }

    /// <summary>How long the consumer may be busy with something else.</summary>
    public QueueRoom Room
    {
        get
        {
            lock (_gate)
            {
                var (live, waiting, room) = (false, 0, double.PositiveInfinity);
                foreach (var lane in _lanes)
                {
                    waiting += lane.Waiting.Count;
                    if (!lane.DropsOldest) continue;
                    live = true;
                    // A camera that has shown nothing yet drops nothing.
                    if (lane.LastArrival != 0) room = Math.Min(room, (lane.Capacity - lane.Waiting.Count) * lane.PeriodMs);
                }
                return new QueueRoom(live, waiting, room);
            }
        }
    }

    /// <summary>Frames that wait, of all cameras.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate) return _lanes.Sum(lane => lane.Waiting.Count);
        }
    }

    /// <summary>Gives back what still waits; later puts are refused.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var lane in _lanes)
            {
                while (lane.Waiting.TryDequeue(out var frame)) frame.Dispose();
            }
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>From the lane whose turn it is, or the first behind it that has a frame.</summary>
    private Frame? Next()
    {
        for (var i = 0; i < _lanes.Count; i++)
        {
            var at = (_next + i) % _lanes.Count;
            if (FirstInTime(_lanes[at]) is not { } frame) continue;
            _next = (at + 1) % _lanes.Count;
            // Cameras that wait for room are on the same lock.
            Monitor.PulseAll(_gate);
            return frame;
        }
        return null;
    }

    /// <summary>The lane's oldest frame that is not too old; the older ones are dropped and counted.</summary>
    private Frame? FirstInTime(CameraLane lane)
    {
        while (lane.Waiting.TryDequeue(out var frame))
        {
            if (!lane.IsTooOld(frame)) return frame;
            frame.Dispose();
            lane.Meter.PassedOver();
            Monitor.PulseAll(_gate);
        }
        return null;
    }

    private CancellationTokenRegistration WakeOn(CancellationToken cancellationToken) => cancellationToken.UnsafeRegister(static gate =>
    {
        lock (gate!) Monitor.PulseAll(gate);
    }, _gate);
}
