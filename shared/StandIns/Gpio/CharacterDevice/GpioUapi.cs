using System.Runtime.InteropServices;

namespace System.Device.Gpio.CharacterDevice;

// The kernel's words for it: include/uapi/linux/gpio.h, GPIO character device ABI v2 (Linux 5.10). Sizes and offsets are the same on 32 and 64 bit.

/// <summary><c>enum gpio_v2_line_flag</c>.</summary>
[Flags]
internal enum LineFlags : ulong
{
    None = 0,
    Used = 1 << 0,
    ActiveLow = 1 << 1,
    Input = 1 << 2,
    Output = 1 << 3,
    EdgeRising = 1 << 4,
    EdgeFalling = 1 << 5,
    BiasPullUp = 1 << 8,
    BiasPullDown = 1 << 9,
    BiasDisabled = 1 << 10,
}

/// <summary><c>enum gpio_v2_line_event_id</c>.</summary>
internal enum LineEventId : uint { RisingEdge = 1, FallingEdge = 2 }

/// <summary><c>struct gpiochip_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ChipInfo
{
    public fixed byte Name[GpioUapi.NameSize];
    public fixed byte Label[GpioUapi.NameSize];
    public uint Lines;
}

/// <summary><c>struct gpio_v2_line_values</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineValues
{
    public ulong Bits;
    public ulong Mask;
}

/// <summary><c>struct gpio_v2_line_attribute</c>; the union is 64 bits wide.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineAttribute
{
    public const uint IdOutputValues = 2;

    public uint Id;
    private readonly uint _padding;
    public ulong Values;
}

/// <summary><c>struct gpio_v2_line_config_attribute</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LineConfigAttribute
{
    public LineAttribute Attribute;
    public ulong Mask;
}

/// <summary><c>struct gpio_v2_line_config</c>: of the ten attributes the first is all we use.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LineConfig
{
    public LineFlags Flags;
    public uint AttributeCount;
    private fixed uint _padding[5];
    public LineConfigAttribute First;
    private fixed ulong _others[9 * 3];
}

/// <summary><c>struct gpio_v2_line_request</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LineRequest
{
    public fixed uint Offsets[64];
    public fixed byte Consumer[GpioUapi.NameSize];
    public LineConfig Config;
    public uint LineCount;
    public uint EventBufferSize;
    private fixed uint _padding[5];
    public int Descriptor;
}

/// <summary><c>struct gpio_v2_line_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LineInfo
{
    public fixed byte Name[GpioUapi.NameSize];
    public fixed byte Consumer[GpioUapi.NameSize];
    public uint Offset;
    public uint AttributeCount;
    public LineFlags Flags;
    private fixed ulong _attributes[10 * 2];
    private fixed uint _padding[4];
}

/// <summary><c>struct gpio_v2_line_event</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LineEvent
{
    public ulong TimestampNs;
    public LineEventId Id;
    public uint Offset;
    public uint Sequence;
    public uint LineSequence;
    private fixed uint _padding[6];
}

/// <summary>Request numbers of ioctl(2).</summary>
internal static class GpioUapi
{
    public const int NameSize = 32;
    public const uint GetChipInfo = 0x8044B401;
    public const uint GetLineInfo = 0xC100B405;
    public const uint GetLine = 0xC250B407;
    public const uint SetLineConfig = 0xC110B40D;
    public const uint GetLineValues = 0xC010B40E;
    public const uint SetLineValues = 0xC010B40F;
}
