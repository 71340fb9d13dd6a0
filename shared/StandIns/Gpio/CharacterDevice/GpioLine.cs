using System.Device.Gpio.Drivers;

namespace System.Device.Gpio.CharacterDevice;

/// <summary>A line reserved for this process.</summary>
internal sealed unsafe class GpioLine(string chip, int offset, int descriptor) : IDisposable
{
    private const LineFlags Edges = LineFlags.EdgeRising | LineFlags.EdgeFalling;

    private readonly Lock _gate = new();
    private readonly PinValueChangedEventArgs _rising = new(PinEventTypes.Rising, offset);
    private readonly PinValueChangedEventArgs _falling = new(PinEventTypes.Falling, offset);

    // Replaced, never changed: an edge is told without a lock and without an allocation.
    private volatile (PinEventTypes Edges, PinChangeEventHandler Handler)[] _handlers = [];
    private LineFlags _flags;
    private EdgeReader? _reader;
    private bool _closed;

    /// <summary>Direction and bias as last set; none before that.</summary>
    public LineFlags Flags => _flags;

    /// <summary>Sets direction and bias, and an output's level with it: the line never shows the other one.</summary>
    public void Configure(LineFlags direction, bool high)
    {
        lock (_gate) Set(direction | (direction.HasFlag(LineFlags.Output) ? LineFlags.None : EdgesWanted()), high);
    }

    public bool Read()
    {
        var values = new LineValues { Mask = 1 };
        if (Libc.Ioctl(descriptor, GpioUapi.GetLineValues, &values) < 0) throw Refused("be read");
        return (values.Bits & 1) != 0;
    }

    public void Write(bool high)
    {
        var values = new LineValues { Mask = 1, Bits = high ? 1u : 0 };
        if (Libc.Ioctl(descriptor, GpioUapi.SetLineValues, &values) < 0) throw Refused("be written");
    }

    /// <exception cref="GpiodException">The line is an output.</exception>
    public void Add(object sender, PinEventTypes edges, PinChangeEventHandler handler)
    {
        lock (_gate)
        {
            if (_flags.HasFlag(LineFlags.Output)) throw new GpiodException($"Line {offset} of {chip} is an output; only inputs can be monitored.");
            _handlers = [.. _handlers, (edges, handler)];
            Set((_flags & ~Edges) | LineFlags.Input | EdgesWanted(), high: false);
            _reader ??= new EdgeReader(descriptor, $"gpio {offset}", edge => Tell(sender, edge));
        }
    }

    public void Remove(PinChangeEventHandler handler)
    {
        EdgeReader? done = null;
        lock (_gate)
        {
            _handlers = [.. _handlers.Where(it => it.Handler != handler)];
            if (_closed) return;
            Set((_flags & ~Edges) | EdgesWanted(), high: false);
            if (_handlers.Length == 0) (done, _reader) = (_reader, null);
        }
        // Outside the lock: the reader may be in a handler that wants it.
        done?.Dispose();
    }

    public void Dispose()
    {
        EdgeReader? done;
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            (done, _reader) = (_reader, null);
        }
        done?.Dispose();
        _ = Libc.Close(descriptor);
    }

    private void Tell(object sender, PinEventTypes edge)
    {
        var args = edge == PinEventTypes.Rising ? _rising : _falling;
        foreach (var (edges, handler) in _handlers)
        {
            if ((edges & edge) != 0) handler(sender, args);
        }
    }

    private LineFlags EdgesWanted()
    {
        var wanted = LineFlags.None;
        foreach (var (edges, _) in _handlers)
        {
            if (edges.HasFlag(PinEventTypes.Rising)) wanted |= LineFlags.EdgeRising;
            if (edges.HasFlag(PinEventTypes.Falling)) wanted |= LineFlags.EdgeFalling;
        }
        return wanted;
    }

    private void Set(LineFlags flags, bool high)
    {
        var config = new LineConfig { Flags = flags };
        if (flags.HasFlag(LineFlags.Output))
        {
            config.AttributeCount = 1;
            config.First.Attribute.Id = LineAttribute.IdOutputValues;
            config.First.Attribute.Values = high ? 1u : 0;
            config.First.Mask = 1;
        }
        if (Libc.Ioctl(descriptor, GpioUapi.SetLineConfig, &config) < 0) throw Refused($"be {flags}");
        _flags = flags;
    }

    private GpiodException Refused(string what) => new($"Line {offset} of {chip} cannot {what}: {Libc.LastError}.");
}
