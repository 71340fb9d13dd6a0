using System.Device.Gpio;
using System.Device.Gpio.Drivers;

namespace CvOps.Agent.Actuation;

/// <summary>The machine's GPIO chips.</summary>
internal static class GpioChips
{
    /// <summary>With the published package: through libgpiod 2 where that is installed, else through libgpiod 1.</summary>
    /// <param name="chip">As in <c>/dev/gpiochip0</c>.</param>
    public static GpioDriver Open(int chip) => GpioDriver.TryCreate(() => new LibGpiodV2Driver(chip), out var driver) ? driver : new LibGpiodDriver(chip);
}
