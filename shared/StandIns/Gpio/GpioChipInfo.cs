namespace System.Device.Gpio;

/// <summary>A GPIO chip as the kernel describes it.</summary>
/// <param name="Id">n of <c>/dev/gpiochipn</c>.</param>
public record GpioChipInfo(int Id, string Name, string Label, int NumLines);
