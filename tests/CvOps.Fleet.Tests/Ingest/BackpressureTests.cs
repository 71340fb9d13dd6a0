using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class BackpressureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stalled_fleet_holds_no_more_than_its_bound_the_broker_keeps_the_rest_and_all_is_applied_once_it_goes_on()
    {
        const int Reports = 1_100, ReportBytes = 100_000;
        var stalled = new Stalled();
        await using var fleet = await FleetHost.StartAsync(change: builder => builder.Services.AddSingleton<IFleetObserver>(stalled));
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SendAsync(device.Inspection());
        await stalled.Called.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        // Returns when the broker has them all: more than the fleet and its client take together.
        for (var i = 1; i <= Reports; i++) await device.SendAsync(device.Topics.Health, Health(device, i, ReportBytes), ContractsJson.Default.DeviceHealth);
        var ingest = fleet.Services.GetServices<IHostedService>().OfType<MqttIngest>().Single();
        await FleetHost.UntilAsync(() => Task.FromResult(ingest.Held > MqttIngest.MostHeld - 2 * ReportBytes), "the room to be full");
        Assert.InRange(ingest.Held, 1, MqttIngest.MostHeld);
        Assert.True(fleet.Services.GetRequiredService<FleetLink>().IsConnected);

        stalled.Open.SetResult();
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices/line-1", ContractsJson.Default.DeviceView, Token))!.Health?.UptimeSeconds is Reports, "the last report");
        await FleetHost.UntilAsync(() => Task.FromResult(ingest.Held == 0), "everything to be acknowledged");
    }

    [Fact]
    public async Task A_message_larger_than_the_room_comes_in_alone_and_what_waits_comes_in_when_there_is_room()
    {
        var room = new IngestRoom(100);
        await room.EnterAsync(500, Token);
        var second = room.EnterAsync(60, Token).AsTask();
        Assert.False(second.IsCompleted);
        room.Leave(500);
        await second;
        var third = room.EnterAsync(60, Token).AsTask();
        Assert.False(third.IsCompleted);
        room.Leave(60);
        await third;
        Assert.Equal(60, room.Held);
    }

    private static DeviceHealth Health(TestDevice device, int number, int bytes) => new()
    {
        Origin = device.NextOrigin(), At = DateTimeOffset.UnixEpoch, UptimeSeconds = number, ResidentBytes = 1, Provider = new string('x', bytes), Cameras = [], Spool = new SpoolHealth(0, 0, 1, 0, 0),
    };

    private sealed class Stalled : IFleetObserver
    {
        public TaskCompletionSource Called { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask OnInspections(DeviceId device, IReadOnlyList<Inspection> inspections, CancellationToken cancel)
        {
            Called.TrySetResult();
            await Open.Task.WaitAsync(cancel);
        }
    }
}
