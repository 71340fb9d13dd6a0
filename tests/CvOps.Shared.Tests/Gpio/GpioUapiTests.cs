using System.Device.Gpio.CharacterDevice;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CvOps.Shared.Tests.Gpio;

/// <summary>The kernel's structures, by the sizes, offsets and request numbers that a C compiler finds in <c>linux/gpio.h</c> (the same on 32 and 64 bit).</summary>
public sealed class GpioUapiTests
{
    [Fact]
    public void Structures_are_as_long_as_the_kernels() => Assert.Equal(
        (68, 592, 272, 256, 48, 16, 24, 16),
        (Unsafe.SizeOf<ChipInfo>(), Unsafe.SizeOf<LineRequest>(), Unsafe.SizeOf<LineConfig>(), Unsafe.SizeOf<LineInfo>(), Unsafe.SizeOf<LineEvent>(), Unsafe.SizeOf<LineValues>(),
            Unsafe.SizeOf<LineConfigAttribute>(), Unsafe.SizeOf<LineAttribute>()));

    [Theory]
    [InlineData(typeof(LineRequest), nameof(LineRequest.Consumer), 256)]
    [InlineData(typeof(LineRequest), nameof(LineRequest.Config), 288)]
    [InlineData(typeof(LineRequest), nameof(LineRequest.LineCount), 560)]
    [InlineData(typeof(LineRequest), nameof(LineRequest.EventBufferSize), 564)]
    [InlineData(typeof(LineRequest), nameof(LineRequest.Descriptor), 588)]
    [InlineData(typeof(LineConfig), nameof(LineConfig.AttributeCount), 8)]
    [InlineData(typeof(LineConfig), nameof(LineConfig.First), 32)]
    [InlineData(typeof(LineInfo), nameof(LineInfo.Offset), 64)]
    [InlineData(typeof(LineInfo), nameof(LineInfo.Flags), 72)]
    [InlineData(typeof(ChipInfo), nameof(ChipInfo.Label), 32)]
    [InlineData(typeof(ChipInfo), nameof(ChipInfo.Lines), 64)]
    [InlineData(typeof(LineEvent), nameof(LineEvent.Id), 8)]
    [InlineData(typeof(LineEvent), nameof(LineEvent.LineSequence), 20)]
    public void Fields_lie_where_the_kernel_has_them(Type structure, string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf(structure, field));

    [Theory]
    [InlineData(GpioUapi.GetChipInfo, 2, 0x01, 68)]
    [InlineData(GpioUapi.GetLineInfo, 3, 0x05, 256)]
    [InlineData(GpioUapi.GetLine, 3, 0x07, 592)]
    [InlineData(GpioUapi.SetLineConfig, 3, 0x0D, 272)]
    [InlineData(GpioUapi.GetLineValues, 3, 0x0E, 16)]
    [InlineData(GpioUapi.SetLineValues, 3, 0x0F, 16)]
    public void Request_numbers_say_direction_size_and_number(uint request, uint direction, uint number, uint size) =>
        Assert.Equal((direction << 30) | (size << 16) | (0xB4u << 8) | number, request);
}
