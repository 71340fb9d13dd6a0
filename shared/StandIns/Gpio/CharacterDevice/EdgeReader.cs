using System.Runtime.InteropServices;

namespace System.Device.Gpio.CharacterDevice;

/// <summary>Waits for the edges of one line on a thread of its own and tells of each, in order.</summary>
internal sealed unsafe class EdgeReader : IDisposable
{
    private const int EventsAtOnce = 16;

    private readonly int _line;
    private readonly int _wake;
    private readonly Action<PinEventTypes> _tell;
    private readonly Thread _thread;

    /// <param name="line">Descriptor of the line; stays the caller's, who closes it after this.</param>
    public EdgeReader(int line, string name, Action<PinEventTypes> tell)
    {
        _line = line;
        _tell = tell;
        _wake = Libc.EventDescriptor(0, 0);
        if (_wake < 0) throw new Drivers.GpiodException($"No event descriptor: {Libc.LastError}.");
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Returns when no further edge will be told, unless a handler calls it.</summary>
    public void Dispose()
    {
        var one = 1UL;
        _ = Libc.Write(_wake, &one, sizeof(ulong));
        if (Thread.CurrentThread != _thread) _thread.Join();
    }

    private void Run()
    {
        var descriptors = stackalloc Libc.PollDescriptor[2];
        var events = stackalloc LineEvent[EventsAtOnce];
        descriptors[0] = new Libc.PollDescriptor { Descriptor = _line, Events = Libc.PollIn };
        descriptors[1] = new Libc.PollDescriptor { Descriptor = _wake, Events = Libc.PollIn };
        while (true)
        {
            if (Libc.Poll(descriptors, 2, -1) < 0)
            {
                if (Marshal.GetLastPInvokeError() == Libc.Interrupted) continue;
                break;
            }
            if (descriptors[1].Returned != 0) break;
            if ((descriptors[0].Returned & Libc.PollIn) == 0) break;
            var count = (int)Libc.Read(_line, events, (nuint)(EventsAtOnce * sizeof(LineEvent))) / sizeof(LineEvent);
            for (var i = 0; i < count; i++) _tell(events[i].Id == LineEventId.RisingEdge ? PinEventTypes.Rising : PinEventTypes.Falling);
        }
        _ = Libc.Close(_wake);
    }
}
