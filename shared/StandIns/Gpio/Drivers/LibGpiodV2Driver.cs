namespace System.Device.Gpio.Drivers;

/// <summary>
/// The lines of <c>/dev/gpiochipN</c>. The original calls libgpiod 2, which calls the kernel's GPIO character device; this one calls the kernel.
/// </summary>
/// <param name="chipNumber">N.</param>
/// <exception cref="GpiodException">There is no such chip, it is no GPIO chip, or this user may not use it.</exception>
public sealed class LibGpiodV2Driver(int chipNumber) : CharacterDeviceDriver(chipNumber)
{
    public LibGpiodV2Driver(GpioChipInfo chip)
        : this(chip?.Id ?? throw new ArgumentNullException(nameof(chip)))
    {
    }

    /// <summary>The chips that this user may use.</summary>
    public static IList<GpioChipInfo> GetAvailableChips() => Available();
}
