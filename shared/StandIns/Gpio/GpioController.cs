using System.Collections.Concurrent;
using System.Device.Gpio.Drivers;

namespace System.Device.Gpio;

/// <summary>The pins of one chip, by number. Owns its driver.</summary>
public class GpioController : IDisposable
{
    private readonly ConcurrentDictionary<int, GpioPin> _pins = new();
    private readonly ConcurrentDictionary<int, PinValue> _firstValues = new();
    private GpioDriver? _driver;

    /// <summary>Takes the first chip, <c>/dev/gpiochip0</c>.</summary>
    public GpioController()
        : this(UnixDriver.Create())
    {
    }

    /// <param name="driver">Owned from here on.</param>
    public GpioController(GpioDriver driver) => _driver = driver;

    public virtual int PinCount => Driver.PinCount;

    private GpioDriver Driver => _driver ?? throw new ObjectDisposedException(nameof(GpioController));

    /// <summary>Opens a pin and leaves mode and level as they are; an open one is returned as it is.</summary>
    public GpioPin OpenPin(int pinNumber)
    {
        if (IsPinOpen(pinNumber)) return _pins[pinNumber];
        OpenPinCore(pinNumber);
        return _pins[pinNumber] = new GpioPin(pinNumber, this);
    }

    public GpioPin OpenPin(int pinNumber, PinMode mode)
    {
        var pin = OpenPin(pinNumber);
        SetPinMode(pinNumber, mode);
        return pin;
    }

    /// <param name="initialValue">The first level of an output.</param>
    public GpioPin OpenPin(int pinNumber, PinMode mode, PinValue initialValue)
    {
        var pin = OpenPin(pinNumber);
        _firstValues[pinNumber] = initialValue;
        SetPinMode(pinNumber, mode);
        return pin;
    }

    public void ClosePin(int pinNumber)
    {
        Demand(pinNumber, "close");
        ClosePinCore(pinNumber);
        _pins.TryRemove(pinNumber, out _);
        _firstValues.TryRemove(pinNumber, out _);
    }

    /// <exception cref="InvalidOperationException">Not open, or the driver does not support the mode.</exception>
    public virtual void SetPinMode(int pinNumber, PinMode mode)
    {
        Demand(pinNumber, "set a mode to");
        if (!IsPinModeSupported(pinNumber, mode)) throw new InvalidOperationException($"Pin {pinNumber} does not support mode {mode}.");
        if (_firstValues.TryGetValue(pinNumber, out var value)) Driver.SetPinMode(pinNumber, mode, value);
        else Driver.SetPinMode(pinNumber, mode);
    }

    public virtual PinMode GetPinMode(int pinNumber)
    {
        Demand(pinNumber, "get the mode of");
        return Driver.GetPinMode(pinNumber);
    }

    public virtual bool IsPinOpen(int pinNumber)
    {
        ObjectDisposedException.ThrowIf(_driver is null, this);
        return _pins.ContainsKey(pinNumber);
    }

    public virtual bool IsPinModeSupported(int pinNumber, PinMode mode) => Driver.IsPinModeSupported(pinNumber, mode);

    public virtual PinValue Read(int pinNumber)
    {
        Demand(pinNumber, "read from");
        return Driver.Read(pinNumber);
    }

    public virtual void Toggle(int pinNumber)
    {
        Demand(pinNumber, "read from");
        Driver.Toggle(pinNumber);
    }

    /// <summary>Writes to an output; for an input the value is kept until it becomes one.</summary>
    public virtual void Write(int pinNumber, PinValue value)
    {
        Demand(pinNumber, "write to");
        _firstValues[pinNumber] = value;
        if (Driver.GetPinMode(pinNumber) == PinMode.Output) Driver.Write(pinNumber, value);
    }

    public WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, TimeSpan timeout)
    {
        using var patience = new CancellationTokenSource(timeout);
        return WaitForEvent(pinNumber, eventTypes, patience.Token);
    }

    public virtual WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken)
    {
        Demand(pinNumber, "wait for events from");
        return Driver.WaitForEvent(pinNumber, eventTypes, cancellationToken);
    }

    public async ValueTask<WaitForEventResult> WaitForEventAsync(int pinNumber, PinEventTypes eventTypes, TimeSpan timeout)
    {
        using var patience = new CancellationTokenSource(timeout);
        return await WaitForEventAsync(pinNumber, eventTypes, patience.Token).ConfigureAwait(false);
    }

    public virtual ValueTask<WaitForEventResult> WaitForEventAsync(int pinNumber, PinEventTypes eventTypes, CancellationToken token)
    {
        Demand(pinNumber, "wait for events from");
        return Driver.WaitForEventAsync(pinNumber, eventTypes, token);
    }

    public virtual void RegisterCallbackForPinValueChangedEvent(int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback)
    {
        Demand(pinNumber, "add callback for");
        Driver.AddCallbackForPinValueChangedEvent(pinNumber, eventTypes, callback);
    }

    public virtual void UnregisterCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback)
    {
        Demand(pinNumber, "remove callback for");
        Driver.RemoveCallbackForPinValueChangedEvent(pinNumber, callback);
    }

    /// <summary>Closes every open pin and the driver.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void OpenPinCore(int pinNumber) => Driver.OpenPin(pinNumber);

    protected virtual void ClosePinCore(int pinNumber) => Driver.ClosePin(pinNumber);

    protected virtual void Dispose(bool disposing)
    {
        if (_driver is null) return;
        foreach (var pin in _pins.Keys) ClosePinCore(pin);
        _pins.Clear();
        _driver.Dispose();
        _driver = null;
    }

    private void Demand(int pinNumber, string purpose)
    {
        if (!IsPinOpen(pinNumber)) throw new InvalidOperationException($"Can not {purpose} pin {pinNumber} because it is not open.");
    }
}
