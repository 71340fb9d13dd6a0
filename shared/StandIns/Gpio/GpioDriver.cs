namespace System.Device.Gpio;

/// <summary>Reads and writes the pins of one chip. Whoever writes a driver derives from this, with the published package and without.</summary>
public abstract class GpioDriver : IDisposable
{
    /// <summary>Pins there are.</summary>
    protected internal abstract int PinCount { get; }

    /// <returns>False when the platform or its libraries do not have what the driver needs; any other failure is thrown.</returns>
    public static bool TryCreate<T>(Func<T> creationAction, [Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? driver)
        where T : class, IDisposable
    {
        ArgumentNullException.ThrowIfNull(creationAction);
        try
        {
            driver = creationAction();
            return true;
        }
        catch (Exception e) when (e is PlatformNotSupportedException or DllNotFoundException)
        {
            driver = null;
            return false;
        }
    }

    /// <summary>Reserves a pin and leaves mode and level as they are.</summary>
    protected internal abstract void OpenPin(int pinNumber);

    protected internal abstract void ClosePin(int pinNumber);

    protected internal abstract void SetPinMode(int pinNumber, PinMode mode);

    /// <summary>Sets mode and, for an output, its first level; a driver that can does both at once, so that the pin never shows the other level.</summary>
    protected internal virtual void SetPinMode(int pinNumber, PinMode mode, PinValue initialValue)
    {
        SetPinMode(pinNumber, mode);
        if (mode == PinMode.Output) Write(pinNumber, initialValue);
    }

    protected internal abstract PinMode GetPinMode(int pinNumber);

    protected internal abstract bool IsPinModeSupported(int pinNumber, PinMode mode);

    protected internal abstract PinValue Read(int pinNumber);

    protected internal virtual void Toggle(int pinNumber) => Write(pinNumber, !Read(pinNumber));

    protected internal abstract void Write(int pinNumber, PinValue value);

    /// <summary>Blocks until an edge comes or the token is cancelled, which is a timeout and no exception.</summary>
    protected internal abstract WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken);

    protected internal virtual ValueTask<WaitForEventResult> WaitForEventAsync(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken) =>
        new(Task.Run(() => WaitForEvent(pinNumber, eventTypes, cancellationToken), CancellationToken.None));

    /// <summary>Calls back on every such edge, on a thread of the driver's.</summary>
    protected internal abstract void AddCallbackForPinValueChangedEvent(int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback);

    protected internal abstract void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback);

    /// <exception cref="NotSupportedException">The driver does not know.</exception>
    public virtual GpioChipInfo GetChipInfo() => throw new NotSupportedException();

    /// <summary>Closes what is open.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <param name="disposing">False from a finaliser, for a driver that has one.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
