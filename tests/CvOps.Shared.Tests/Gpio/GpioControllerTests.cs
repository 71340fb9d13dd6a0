using System.Device.Gpio;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Gpio;

/// <summary>What a controller does for any driver; holds for the published package as well.</summary>
public sealed class GpioControllerTests : IDisposable
{
    private readonly MemoryPins _pins = new(TimeProvider.System, 4);

    public void Dispose() => _pins.Dispose();

    [Fact]
    public void An_output_shows_its_first_value_and_each_one_written()
    {
        using var controller = new GpioController(_pins);
        using var pin = controller.OpenPin(2, PinMode.Output, PinValue.High);
        pin.Write(PinValue.Low);
        pin.Toggle();
        Assert.Equal([PinValue.High, PinValue.Low, PinValue.High], _pins.Shown(2).Select(change => change.Value));
        Assert.Equal(4, controller.PinCount);
    }

    [Fact]
    public void What_is_written_to_an_input_waits_until_it_is_an_output()
    {
        using var controller = new GpioController(_pins);
        controller.OpenPin(1, PinMode.Input);
        controller.Write(1, PinValue.High);
        Assert.Equal(PinValue.Low, _pins[1]);
        controller.SetPinMode(1, PinMode.Output);
        Assert.Equal(PinValue.High, _pins[1]);
    }

    [Fact]
    public void A_pin_that_is_not_open_is_refused()
    {
        using var controller = new GpioController(_pins);
        Assert.Throws<InvalidOperationException>(() => controller.Read(0));
        Assert.Throws<InvalidOperationException>(() => controller.ClosePin(0));
        Assert.Throws<InvalidOperationException>(() => controller.RegisterCallbackForPinValueChangedEvent(0, PinEventTypes.Rising, (_, _) => { }));
    }

    [Fact]
    public void The_driver_ends_with_its_controller()
    {
        var controller = new GpioController(_pins);
        controller.OpenPin(0, PinMode.Input);
        controller.Dispose();
        Assert.True(_pins.Disposed);
        Assert.Throws<ObjectDisposedException>(() => controller.Read(0));
    }

    [Fact]
    public void Values_convert_as_one_would_think()
    {
        Assert.Equal(PinValue.High, (PinValue)true);
        Assert.Equal(PinValue.Low, !(PinValue)3);
        Assert.Equal((1, "High"), ((int)PinValue.High, PinValue.High.ToString()));
    }
}
