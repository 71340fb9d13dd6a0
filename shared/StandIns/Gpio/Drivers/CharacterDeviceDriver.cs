using System.ComponentModel;
using System.Device.Gpio.CharacterDevice;

namespace System.Device.Gpio.Drivers;

/// <summary>Lines of the Linux GPIO character device. The original has no such class: name one of the two that derive from it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CharacterDeviceDriver : UnixDriver
{
    private readonly GpioChip _chip;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, GpioLine> _lines = [];

    private protected CharacterDeviceDriver(int chipNumber) => _chip = new GpioChip(chipNumber);

    protected internal override int PinCount => _chip.Info.NumLines;

    public override GpioChipInfo GetChipInfo() => _chip.Info;

    protected internal override void OpenPin(int pinNumber)
    {
        lock (_gate)
        {
            if (!_lines.ContainsKey(pinNumber)) _lines[pinNumber] = _chip.Request(pinNumber);
        }
    }

    protected internal override void ClosePin(int pinNumber)
    {
        GpioLine? line;
        lock (_gate) _lines.Remove(pinNumber, out line);
        line?.Dispose();
    }

    protected internal override void SetPinMode(int pinNumber, PinMode mode) => SetPinMode(pinNumber, mode, PinValue.Low);

    protected internal override void SetPinMode(int pinNumber, PinMode mode, PinValue initialValue) => Line(pinNumber).Configure(mode switch
    {
        PinMode.Output => LineFlags.Output,
        PinMode.InputPullDown => LineFlags.Input | LineFlags.BiasPullDown,
        PinMode.InputPullUp => LineFlags.Input | LineFlags.BiasPullUp,
        _ => LineFlags.Input,
    }, initialValue == PinValue.High);

    protected internal override PinMode GetPinMode(int pinNumber)
    {
        // Known since we set it; asked of the kernel only while the line is as it was found.
        var flags = Line(pinNumber).Flags;
        if (flags == LineFlags.None) flags = _chip.Describe(pinNumber).Flags;
        return flags.HasFlag(LineFlags.Output) ? PinMode.Output
            : flags.HasFlag(LineFlags.BiasPullUp) ? PinMode.InputPullUp
            : flags.HasFlag(LineFlags.BiasPullDown) ? PinMode.InputPullDown
            : PinMode.Input;
    }

    protected internal override bool IsPinModeSupported(int pinNumber, PinMode mode) => mode is >= PinMode.Input and <= PinMode.InputPullUp;

    protected internal override PinValue Read(int pinNumber) => Line(pinNumber).Read();

    protected internal override void Write(int pinNumber, PinValue value)
    {
        var line = Line(pinNumber);
        if (line.Flags.HasFlag(LineFlags.Output)) line.Write((bool)value);
        else line.Configure(LineFlags.Output, (bool)value);
    }

    protected internal override WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken)
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

    protected internal override void AddCallbackForPinValueChangedEvent(int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback) =>
        Line(pinNumber).Add(this, eventTypes, callback);

    protected internal override void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback) => Line(pinNumber).Remove(callback);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            GpioLine[] open;
            lock (_gate)
            {
                open = [.. _lines.Values];
                _lines.Clear();
            }
            foreach (var line in open) line.Dispose();
            _chip.Dispose();
        }
        base.Dispose(disposing);
    }

    private protected static IList<GpioChipInfo> Available()
    {
        var found = new List<GpioChipInfo>();
        foreach (var number in GpioChip.Numbers())
        {
            using var chip = new GpioChip(number);
            found.Add(chip.Info);
        }
        return found;
    }

    private GpioLine Line(int pinNumber)
    {
        lock (_gate) return _lines.TryGetValue(pinNumber, out var line) ? line : throw new GpiodException($"Line {pinNumber} of chip {_chip.Info.Id} is not open.");
    }
}
