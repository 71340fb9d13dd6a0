using CvOps.Contracts;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class SeatTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_seat_whose_beat_stands_still_is_silent_and_one_that_beats_is_not()
    {
        var watch = new SeatWatch(Silence);
        var start = DateTimeOffset.UnixEpoch;
        watch.Look([new Seat("a", "x", 7, false), new Seat("b", "y", 1, false)], start);
        watch.Look([new Seat("a", "x", 7, false), new Seat("b", "y", 2, false)], start + TimeSpan.FromSeconds(9));

        Assert.False(watch.IsSilent(new Seat("a", "x", 7, false), start + TimeSpan.FromSeconds(9)));
        Assert.True(watch.IsSilent(new Seat("a", "x", 7, false), start + TimeSpan.FromSeconds(10)));
        Assert.False(watch.IsSilent(new Seat("b", "y", 2, false), start + TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void A_seat_that_was_there_at_the_first_look_lives_only_when_it_has_beaten_and_a_new_one_at_once()
    {
        var watch = new SeatWatch(Silence);
        var start = DateTimeOffset.UnixEpoch;
        watch.Look([new Seat("a", "x", 7, false)], start);
        watch.Look([new Seat("a", "x", 7, false), new Seat("b", "y", 1, false)], start + TimeSpan.FromSeconds(1));

        Assert.False(watch.Lives(new Seat("a", "x", 7, false), start + TimeSpan.FromSeconds(1)));
        Assert.True(watch.Lives(new Seat("b", "y", 1, false), start + TimeSpan.FromSeconds(1)));
        watch.Look([new Seat("a", "x", 8, false)], start + TimeSpan.FromSeconds(2));
        Assert.True(watch.Lives(new Seat("a", "x", 8, false), start + TimeSpan.FromSeconds(2)));
        Assert.False(watch.Lives(new Seat("b", "y", 1, false), start + TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void Another_process_under_the_same_name_beats_anew_whatever_its_number()
    {
        var watch = new SeatWatch(Silence);
        var start = DateTimeOffset.UnixEpoch;
        watch.Look([new Seat("a", "x", 7, false)], start);
        watch.Look([new Seat("a", "z", 7, false)], start + TimeSpan.FromSeconds(9));

        Assert.False(watch.IsSilent(new Seat("a", "z", 7, false), start + TimeSpan.FromSeconds(12)));
    }

    [Fact]
    public async Task What_waits_under_a_former_client_id_is_taken_in_once_and_the_session_is_over()
    {
        await using var fleet = await FleetHost.StartAsync(options => options.ClientId = "fleet-a");
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SendAsync(device.Inspection());
        await UntilCountedAsync(fleet, 1);
        await fleet.StopFleetAsync();
        for (var part = 1; part < 20; part++) await device.SendAsync(device.Inspection(part));

        fleet.Options.ClientId = "fleet-b";
        await fleet.StartFleetAsync();

        await UntilCountedAsync(fleet, 20);
        // The former session is gone at the broker: what comes now comes to the new one alone, all of it.
        await FleetHost.UntilAsync(() => fleet.Services.GetRequiredService<Database>().ReadAsync(connection => SeatTable.All(connection) is [{ Client: "fleet-b" }], TestContext.Current.CancellationToken), "one seat");
        for (var part = 20; part < 40; part++) await device.SendAsync(device.Inspection(part));
        await UntilCountedAsync(fleet, 40);
    }

    private static Task UntilCountedAsync(FleetHost fleet, long count) => FleetHost.UntilAsync(
        async () => await fleet.Services.GetRequiredService<DeviceDirectory>().FindAsync(new DeviceId("press-1"), TestContext.Current.CancellationToken) is { Duplicates: 0 } device && device.Inspections == count,
        $"{count} inspections of press-1 and no duplicate");
}
