using System.Device.Gpio;
using CvOps.Agent.Update.Maintenance;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using static CvOps.Contracts.Twin.UpdateState;

namespace CvOps.Agent.Tests.Update.Maintenance;

/// <summary>The clock of the windows stands at 2026-01-01 00:00 UTC, a Thursday, and moves when the test says so.</summary>
public sealed class MaintenanceTests
{
    private static readonly MaintenanceWindow Evening = new() { From = new TimeOnly(18, 0), To = new TimeOnly(19, 0), TimeZone = "UTC" };

    [Fact]
    public async Task Outside_its_windows_a_device_has_the_package_verified_waits_and_says_until_when()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { Windows = [Evening] });
        await using var device = await WaitingAsync(rig);
        Assert.Equal(Verifying, device.Loop.Report.State);
        Assert.Equal(("the maintenance window", rig.Time.GetUtcNow().Date.AddHours(18)), (device.Loop.Report.Wait!.For, device.Loop.Report.Wait.Until!.Value.UtcDateTime));
        rig.Time.Advance(TimeSpan.FromHours(17.9));
        Assert.Equal(Verifying, device.Loop.Report.State);
        await UntilAsync(device, rig, TimeSpan.FromMinutes(6), () => device.Loop.Report.State == Soaking);
        Assert.Null(device.Loop.Report.Wait);
    }

    [Fact]
    public async Task A_person_who_says_now_is_not_made_to_wait_for_a_window()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { Windows = [Evening] });
        await using var device = await WaitingAsync(rig);
        Assert.True(device.Maintenance.Now());
        await UntilAsync(device, rig, TimeSpan.FromSeconds(1), () => device.Loop.Report.State == Soaking);
        Assert.False(device.Maintenance.Now());
    }

    [Fact]
    public async Task A_restart_while_it_waits_costs_the_update_nothing()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { Windows = [Evening] });
        await using (await WaitingAsync(rig)) { }
        await using var second = rig.Start();
        await second.StartAsync();
        await UntilWaiting(second);
        Assert.Equal(0, second.Journal.Current.Deaths);
        rig.Time.Advance(TimeSpan.FromHours(18));
        await UntilAsync(second, rig, TimeSpan.FromSeconds(1), () => second.Loop.Report.State == Soaking);
    }

    [Fact]
    public async Task Another_model_is_taken_up_though_the_first_still_waits()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { Windows = [Evening] });
        await using var device = await WaitingAsync(rig);
        var v3 = rig.Publish("v333");
        device.Loop.Want(new TwinDesired { Version = 3, Model = v3 });
        await UntilAsync(device, rig, TimeSpan.FromSeconds(1), () => device.Loop.Report.Target == v3.Model.Digest && device.Loop.Report.Wait is not null);
    }

    [Fact]
    public async Task A_device_without_a_model_waits_for_no_window_and_the_way_back_never_waits()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { Windows = [Evening], WhenIdle = new LineSignalOptions { By = LineSignalKind.Command } });
        await using var device = rig.Start();
        await device.StartAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        await device.UpdateAsync(1, v1);
        rig.Time.Advance(TimeSpan.FromHours(18.5));
        device.Line.Tell(idle: true);
        rig.Time.Advance(TimeSpan.FromSeconds(6));
        await device.UpdateAsync(2, v2);
        rig.Time.Advance(TimeSpan.FromHours(3));
        device.Line.Tell(idle: false);
        device.Loop.Want(new TwinDesired { Version = 3, Model = v1 });
        await device.ReachAsync(RolledBack);
        Assert.Equal(v1.Model, device.Slots.Active?.Ref);
    }

    [Fact]
    public async Task The_swap_waits_until_a_pin_says_that_the_line_has_been_idle_for_long_enough()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { WhenIdle = new LineSignalOptions { By = LineSignalKind.Gpio, Pin = 4, Settle = TimeSpan.FromSeconds(3) } });
        await using var device = await WaitingAsync(rig);
        Assert.Equal((Shadowing, "the line to be idle", null), (device.Loop.Report.State, device.Loop.Report.Wait!.For, device.Loop.Report.Wait.Until));
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
        Assert.False(device.Slots.AskShadow);
        rig.Pins.Set(4, PinValue.High);
        await UntilAsync(device, rig, TimeSpan.FromMilliseconds(100), () => device.Loop.Report.Wait?.For == "the line to have been idle for 3 s");
        rig.Pins.Set(4, PinValue.Low);
        await UntilAsync(device, rig, TimeSpan.FromMilliseconds(100), () => device.Loop.Report.Wait?.For == "the line to be idle");
        rig.Pins.Set(4, PinValue.High);
        await UntilAsync(device, rig, TimeSpan.FromSeconds(1), () => device.Loop.Report.State == Soaking);
        Assert.Equal("v22", device.Slots.Active?.Ref.Version);
    }

    [Fact]
    public async Task A_line_nobody_has_spoken_of_is_not_idle()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { WhenIdle = new LineSignalOptions { By = LineSignalKind.Command, Settle = TimeSpan.Zero } });
        await using var device = await WaitingAsync(rig);
        Assert.StartsWith("word whether the line is idle", device.Loop.Report.Wait!.For, StringComparison.Ordinal);
        Assert.False(device.Maintenance.Now());
        Assert.True(device.Line.Tell(idle: true));
        await UntilAsync(device, rig, TimeSpan.FromSeconds(1), () => device.Loop.Report.State == Soaking);
    }

    [Fact]
    public void A_pin_that_cannot_be_had_is_a_line_that_is_not_idle()
    {
        using var line = new LineSignal(new LineSignalOptions { By = LineSignalKind.Gpio, Chip = 7, Pin = 4 }, chip => throw new IOException($"There is no /dev/gpiochip{chip}."), TimeProvider.System);
        Assert.Equal("the line to be idle, which pin 4 of chip 7 does not tell: There is no /dev/gpiochip7.", line.WaitsFor());
        Assert.False(line.Tell(idle: true));
    }

    private static async Task<UpdateDevice> WaitingAsync(UpdateRig rig)
    {
        var device = rig.Start();
        await device.StartAsync();
        await device.UpdateAsync(1, rig.Publish("v1"));
        device.Loop.Want(new TwinDesired { Version = 2, Model = rig.Publish("v22") });
        await UntilWaiting(device);
        return device;
    }

    private static Task UntilWaiting(UpdateDevice device) =>
        Eventually.Async(() => device.Loop.Report.Wait is not null, UpdateRig.Deadline, () => $"{device.Loop.Report}", TestContext.Current.CancellationToken);

    /// <summary>The clock moves on by so much at each look.</summary>
    private static Task UntilAsync(UpdateDevice device, UpdateRig rig, TimeSpan by, Func<bool> condition) => Eventually.Async(() =>
    {
        rig.Time.Advance(by);
        return condition();
    }, UpdateRig.Deadline, () => $"{device.Loop.Report}", TestContext.Current.CancellationToken);
}
