using System.Device.Gpio;

namespace CvOps.Testing;

/// <summary>
/// A chip of pins in memory, for the code that would drive real ones. The test plays the world outside: it sets inputs, and reads what outputs
/// show and have shown. Edges are told on the thread that makes them. A driver like any other, with the published package as well.
/// </summary>
/// <param name="time">Stamps what outputs show.</param>
public sealed class MemoryPins(TimeProvider time, int count = 32) : GpioDriver
{
    private readonly Lock _gate = new();
    private readonly Pin[] _pins = [.. Enumerable.Range(0, count).Select(_ => new Pin())];

    /// <summary>A level an output was given.</summary>
    /// <param name="Timestamp">On the clock of <see cref="TimeProvider.GetTimestamp"/>.</param>
    public readonly record struct Change(long Timestamp, PinValue Value);

    protected override int PinCount => _pins.Length;

    /// <summary>The driver has been disposed, by its controller.</summary>
    public bool Disposed { get; private set; }

    /// <summary>The level a pin shows, open or not.</summary>
    public PinValue this[int pin]
    {
        get { lock (_gate) return _pins[pin].Value; }
    }

    /// <summary>Every level an output was given, a repeated one left out; the first is that of its opening.</summary>
    public IReadOnlyList<Change> Shown(int pin)
    {
        lock (_gate) return [.. _pins[pin].Shown];
    }

    /// <summary>Sets an input from outside, as a sensor would; handlers of the edge have returned when this returns.</summary>
    public void Set(int pin, PinValue value)
    {
        List<PinChangeEventHandler> concerned;
        var edge = value == PinValue.High ? PinEventTypes.Rising : PinEventTypes.Falling;
        lock (_gate)
        {
            var it = _pins[pin];
            if (it.Value == value) return;
            it.Value = value;
            concerned = [.. it.Handlers.Where(handler => (handler.Edges & edge) != 0).Select(handler => handler.Handler)];
        }
        var args = new PinValueChangedEventArgs(edge, pin);
        foreach (var handler in concerned) handler(this, args);
    }

    /// <summary>High and low again.</summary>
    public void Pulse(int pin)
    {
        Set(pin, PinValue.High);
        Set(pin, PinValue.Low);
    }

    protected override void OpenPin(int pinNumber)
    {
        lock (_gate) _pins[pinNumber].Open = true;
    }

    protected override void ClosePin(int pinNumber)
    {
        lock (_gate)
        {
            _pins[pinNumber].Open = false;
            _pins[pinNumber].Handlers.Clear();
        }
    }

    protected override void SetPinMode(int pinNumber, PinMode mode)
    {
        lock (_gate) Opened(pinNumber).Mode = mode;
    }

    protected override void SetPinMode(int pinNumber, PinMode mode, PinValue initialValue)
    {
        SetPinMode(pinNumber, mode);
        if (mode == PinMode.Output) Write(pinNumber, initialValue);
    }

    protected override PinMode GetPinMode(int pinNumber)
    {
        lock (_gate) return Opened(pinNumber).Mode;
    }

    protected override bool IsPinModeSupported(int pinNumber, PinMode mode) => true;

    protected override PinValue Read(int pinNumber)
    {
        lock (_gate) return Opened(pinNumber).Value;
    }

    protected override void Write(int pinNumber, PinValue value)
    {
        lock (_gate)
        {
            var pin = Opened(pinNumber);
            if (pin.Mode != PinMode.Output) throw new InvalidOperationException($"Pin {pinNumber} is {pin.Mode}, no output.");
            if (pin.Shown.Count == 0 || pin.Value != value) pin.Shown.Add(new Change(time.GetTimestamp(), value));
            pin.Value = value;
        }
    }

    protected override WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken)
    {
        using var heard = new ManualResetEventSlim();
        var edge = PinEventTypes.None;
        void Hear(object sender, PinValueChangedEventArgs args)
        {
            edge = args.ChangeType;
            heard.Set();
        }
        AddCallbackForPinValueChangedEvent(pinNumber, eventTypes, Hear);
        try
        {
            heard.Wait(cancellationToken);
            return new WaitForEventResult { EventTypes = edge };
        }
        catch (OperationCanceledException)
        {
            return new WaitForEventResult { TimedOut = true };
        }
        finally
        {
            RemoveCallbackForPinValueChangedEvent(pinNumber, Hear);
        }
    }

    protected override void AddCallbackForPinValueChangedEvent(int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback)
    {
        lock (_gate) Opened(pinNumber).Handlers.Add((eventTypes, callback));
    }

    protected override void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback)
    {
        lock (_gate) _pins[pinNumber].Handlers.RemoveAll(it => it.Handler == callback);
    }

    protected override void Dispose(bool disposing)
    {
        Disposed = true;
        base.Dispose(disposing);
    }

    private Pin Opened(int pin) => _pins[pin].Open ? _pins[pin] : throw new InvalidOperationException($"Pin {pin} is not open.");

    private sealed class Pin
    {
        public bool Open { get; set; }

        public PinMode Mode { get; set; }

        public PinValue Value { get; set; }

        public List<Change> Shown { get; } = [];

        public List<(PinEventTypes Edges, PinChangeEventHandler Handler)> Handlers { get; } = [];
    }
}
