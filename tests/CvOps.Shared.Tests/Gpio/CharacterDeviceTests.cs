using System.Collections.Concurrent;
using System.Device.Gpio;
using System.Device.Gpio.CharacterDevice;
using System.Device.Gpio.Drivers;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Gpio;

/// <summary>The driver's system calls, answered by a played chip: no machine that builds CvOps has a real one. The kernel answers where there is none.</summary>
[Collection("played chip")]
public sealed class CharacterDeviceTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>Before any test calls into the library: a call is bound once, to the chip or to the kernel for good.</summary>
    public CharacterDeviceTests() => PlayedChip.Bind();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_chip_says_what_it_is()
    {
        using var controller = Open();
        Assert.Equal(8, controller.PinCount);
        using var driver = new LibGpiodDriver(PlayedChip.Number);
        Assert.Equal(new GpioChipInfo(PlayedChip.Number, "gpiochip990", "played", 8), driver.GetChipInfo());
    }

    [Fact]
    public void What_is_put_out_is_seen_at_the_other_end_of_the_wire()
    {
        using var controller = Open();
        controller.OpenPin(0, PinMode.Output, PinValue.High);
        controller.OpenPin(1, PinMode.Input);
        Assert.Equal((PinMode.Output, PinMode.Input), (controller.GetPinMode(0), controller.GetPinMode(1)));
        Assert.Equal(PinValue.High, controller.Read(1));
        controller.Write(0, PinValue.Low);
        Assert.Equal(PinValue.Low, controller.Read(1));
        controller.Toggle(0);
        Assert.Equal(PinValue.High, controller.Read(1));
        controller.SetPinMode(1, PinMode.InputPullUp);
        Assert.Equal(PinMode.InputPullUp, controller.GetPinMode(1));
    }

    [Fact]
    public async Task Edges_are_told_in_order_to_those_who_asked_for_them()
    {
        using var controller = Open();
        controller.OpenPin(0, PinMode.Output, PinValue.Low);
        controller.OpenPin(1, PinMode.Input);
        ConcurrentQueue<PinEventTypes> both = [], rising = [];
        PinChangeEventHandler hearRising = (_, args) => rising.Enqueue(args.ChangeType);
        controller.RegisterCallbackForPinValueChangedEvent(1, PinEventTypes.Rising, hearRising);
        controller.RegisterCallbackForPinValueChangedEvent(1, PinEventTypes.Rising | PinEventTypes.Falling, (_, args) => both.Enqueue(args.PinNumber == 1 ? args.ChangeType : PinEventTypes.None));
        for (var i = 0; i < 100; i++) controller.Toggle(0);
        await Eventually.Async(() => both.Count == 100 && rising.Count == 50, Deadline, () => $"{both.Count} and {rising.Count} edges", Token);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? PinEventTypes.Rising : PinEventTypes.Falling), both);

        controller.UnregisterCallbackForPinValueChangedEvent(1, hearRising);
        controller.Toggle(0);
        await Eventually.Async(() => both.Count == 101, Deadline, () => $"{both.Count} edges", Token);
        Assert.Equal(50, rising.Count);
    }

    [Fact]
    public async Task Waiting_ends_with_the_edge_or_with_the_time()
    {
        using var controller = Open();
        controller.OpenPin(2, PinMode.Output, PinValue.High);
        controller.OpenPin(3, PinMode.Input);
        Assert.True(controller.WaitForEvent(3, PinEventTypes.Falling, TimeSpan.FromMilliseconds(20)).TimedOut);
        var waiting = controller.WaitForEventAsync(3, PinEventTypes.Falling, Deadline).AsTask();
        await Eventually.Async(() =>
        {
            controller.Write(2, PinValue.High);
            controller.Write(2, PinValue.Low);
            return waiting.IsCompleted;
        }, Deadline, () => "no edge", Token);
        Assert.Equal((PinEventTypes.Falling, false), ((await waiting).EventTypes, (await waiting).TimedOut));
    }

    [Fact]
    public void A_pin_that_was_closed_can_be_had_again_and_is_dead_meanwhile()
    {
        using var controller = Open();
        var pin = controller.OpenPin(0, PinMode.Output);
        controller.RegisterCallbackForPinValueChangedEvent(controller.OpenPin(1, PinMode.Input).PinNumber, PinEventTypes.Rising, (_, _) => { });
        controller.ClosePin(1);
        pin.Dispose();
        pin.Dispose();
        Assert.Contains("is not open", Assert.Throws<InvalidOperationException>(() => controller.Write(0, PinValue.High)).Message, StringComparison.Ordinal);
        controller.OpenPin(0, PinMode.Output);
        controller.OpenPin(1, PinMode.Input);
    }

    [Fact]
    public void A_line_in_use_is_named_with_its_user_and_a_line_that_is_not_there_with_the_range()
    {
        using var controller = Open();
        Assert.Contains("in use by 'somebody-else'", Assert.Throws<GpiodException>(() => controller.OpenPin(7)).Message, StringComparison.Ordinal);
        Assert.Contains("no line 8", Assert.Throws<GpiodException>(() => controller.OpenPin(8)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_cannot_be_listened_to()
    {
        using var controller = Open();
        controller.OpenPin(0, PinMode.Output);
        Assert.Contains("output", Assert.Throws<GpiodException>(() => controller.RegisterCallbackForPinValueChangedEvent(0, PinEventTypes.Rising, (_, _) => { })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chip_that_is_not_there_is_one_clear_sentence()
    {
        var message = Assert.Throws<GpiodException>(() => new LibGpiodV2Driver(917)).Message;
        Assert.Contains("There is no GPIO chip /dev/gpiochip917", message, StringComparison.Ordinal);
        Assert.Contains("this machine has", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_chip_is_one_clear_sentence()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["gpiochip0"], "no chip");
        Assert.Contains("is no GPIO chip", Assert.Throws<GpiodException>(() => new GpioChip(folder["gpiochip0"], 0)).Message, StringComparison.Ordinal);
    }

    private static GpioController Open()
    {
        PlayedChip.Require();
        return new GpioController(new LibGpiodV2Driver(PlayedChip.Number));
    }
}
