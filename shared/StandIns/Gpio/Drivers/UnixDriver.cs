namespace System.Device.Gpio.Drivers;

/// <summary>A driver for Linux.</summary>
public abstract class UnixDriver : GpioDriver
{
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    protected UnixDriver()
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException($"{GetType().Name} is only supported on Linux.");
    }

    /// <summary>The driver of <c>/dev/gpiochip0</c>.</summary>
    public static UnixDriver Create() => new LibGpiodV2Driver(0);
}
