namespace System.Device.Gpio.Drivers;

/// <summary>The same lines under the name of the original's driver for libgpiod 1, which Debian 12 has.</summary>
/// <inheritdoc cref="LibGpiodV2Driver"/>
public class LibGpiodDriver(int gpioChip = 0) : CharacterDeviceDriver(gpioChip)
{
    public LibGpiodDriver(GpioChipInfo chip)
        : this(chip?.Id ?? throw new ArgumentNullException(nameof(chip)))
    {
    }

    public static IList<GpioChipInfo> GetAvailableChips() => Available();
}
