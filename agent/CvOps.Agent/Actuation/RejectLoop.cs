using System.Device.Gpio;

namespace CvOps.Agent.Actuation;

/// <summary>
/// One camera's ejector, its trigger and its encoder: owns their pins and the time. Parts due by time are ejected by a thread of its own, parts due
/// by count on the encoder's edge. Whatever thread comes, <see cref="RejectMachine"/> decides.
/// </summary>
internal sealed class RejectLoop : IDisposable
{
    private readonly Lock _gate = new();
    private readonly RejectOptions _options;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly RejectMachine _machine;
    private readonly EncoderTrack? _encoder;
    private readonly PulseMachine _pulse;
    private readonly GpioPin _ejector;
    private readonly PreciseWait _wait;
    private readonly Thread _thread;
    private readonly bool _realtime;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _latest;
    private bool _stopping;

    /// <param name="pins">Of the camera's chip; stays the caller's.</param>
    /// <param name="realtime">Ask the system to let the ejector's thread, and those that bring edges, run before all others.</param>
    /// <exception cref="IOException">A pin cannot be had.</exception>
    public RejectLoop(ActuationOptions options, GpioController pins, TimeProvider time, bool realtime)
    {
        _realtime = realtime;
        _options = options.Reject!;
        _time = time;
        _started = time.GetTimestamp();
        _machine = new RejectMachine(_options, options.Trigger);
        _pulse = new PulseMachine(_options.Pulse);
        _wait = new PreciseWait(time);
        _ejector = pins.OpenPin(_options.Pin, PinMode.Output, Value(active: false));
        _thread = new Thread(Run) { IsBackground = true, Name = $"reject {options.Camera}" };
        _thread.Start();
        if (options.Encoder is { } encoder)
        {
            _encoder = new EncoderTrack();
            Listen(pins, encoder.Pin, encoder.Edge, EncoderEdge);
        }
        if (options.Trigger is { } trigger) Listen(pins, trigger.Pin, trigger.Edge, TriggerEdge);
    }

    /// <summary>Ends when the loop is stopped; faulted when a pin refused.</summary>
    public Task Ended => _ended.Task;

    public RejectCounts Counts
    {
        get
        {
            lock (_gate) return _machine.Counts;
        }
    }

    /// <summary>Edges of the encoder so far.</summary>
    public long Position
    {
        get
        {
            lock (_gate) return _encoder?.Position ?? 0;
        }
    }

    /// <summary>How late after it was due a part was ejected at the worst, of those due by time.</summary>
    public TimeSpan Latest
    {
        get
        {
            lock (_gate) return _latest;
        }
    }

    /// <summary>The system was asked to let the ejector's thread run before all others, and refused.</summary>
    public bool RealtimeRefused { get; private set; }

    /// <summary>A frame has been inspected. Quick, from any thread; allocates nothing.</summary>
    public void Inspected(DateTimeOffset capturedAt, Verdict verdict)
    {
        lock (_gate)
        {
            if (_stopping) return;
            var now = Now();
            // Capture times are on the wall clock, pulses on the monotonic one; the age of the frame joins them.
            var captured = now.At - (_time.GetUtcNow() - capturedAt);
            try
            {
                if (_machine.Inspected(new LineMoment(captured, _encoder?.PositionAt(captured) ?? 0), verdict, now)) Eject(now.At);
                Step();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                Fail(e);
            }
            _wait.Signal();
        }
    }

    /// <summary>Releases the ejector and gives up the parts that are on their way.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping) return;
            _stopping = true;
            _wait.Signal();
        }
        _thread.Join();
        _wait.Dispose();
    }

    private void Listen(GpioController pins, int pin, Edge edge, Action hear)
    {
        var raised = !_realtime;
        pins.OpenPin(pin, PinMode.Input);
        pins.RegisterCallbackForPinValueChangedEvent(pin, edge == Edge.Rising ? PinEventTypes.Rising : PinEventTypes.Falling, (_, _) =>
        {
            // The driver's thread, one a line: an edge that is heard late is a part that is ejected late.
            if (!raised) raised = RealtimeThread.TryRaise() || RealtimeRefused;
            hear();
        });
    }

    private void TriggerEdge()
    {
        lock (_gate)
        {
            if (_stopping) return;
            _machine.Announce(Now());
            _wait.Signal();
        }
    }

    private void EncoderEdge()
    {
        lock (_gate)
        {
            if (_stopping) return;
            _encoder!.Edge(_time.GetElapsedTime(_started));
            if (_encoder.Position < _machine.NextDue.Position) return;
            try
            {
                Step();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                Fail(e);
            }
            _wait.Signal();
        }
    }

    private void Run()
    {
        RealtimeRefused = _realtime && !RealtimeThread.TryRaise();
        try
        {
            while (true)
            {
                TimeSpan next;
                lock (_gate)
                {
                    if (_stopping) break;
                    Step();
                    next = _machine.NextDue.At < _pulse.Ends ? _machine.NextDue.At : _pulse.Ends;
                }
                _wait.Until(next, _started);
            }
            lock (_gate) _ejector.Write(Value(active: false));
            _ended.TrySetResult();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            lock (_gate) Fail(e);
        }
    }

    /// <summary>Does what is due. Under the gate.</summary>
    private void Step()
    {
        var now = Now();
        while (_machine.TryTake(now, out var due, out var ejects))
        {
            if (!ejects) continue;
            Eject(now.At);
            if (due.At != TimeSpan.MaxValue && now.At - due.At > _latest) _latest = now.At - due.At;
        }
        if (_pulse.EndIfDue(now.At)) _ejector.Write(Value(active: false));
    }

    private void Eject(TimeSpan now)
    {
        if (_pulse.Begin(now)) _ejector.Write(Value(active: true));
    }

    private LineMoment Now() => new(_time.GetElapsedTime(_started), _encoder?.Position ?? 0);

    private PinValue Value(bool active) => active == (_options.Active == Level.High) ? PinValue.High : PinValue.Low;

    /// <summary>A pin that refuses is nothing to go on with: the loop ends, and with it the agent.</summary>
    private void Fail(Exception e)
    {
        _stopping = true;
        _ended.TrySetException(e);
    }
}
