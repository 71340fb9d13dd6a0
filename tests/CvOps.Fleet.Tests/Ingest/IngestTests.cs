using System.Net.Http.Json;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class IngestTests
{
    [Fact]
    public async Task A_message_delivered_twice_is_applied_once()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var report = device.Inspection();
        await device.SendAsync(report);
        await device.SendAsync(report);
        await device.SendAsync(device.Inspection(1));
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet) is { Inspections: 2, Duplicates: 1 }, "two inspections and one duplicate");
        var page = await fleet.Http.GetFromJsonAsync("inspections?device=line-1", ContractsJson.Default.InspectionPage, TestContext.Current.CancellationToken);
        Assert.Equal([0, 1], page!.Rows.Select(row => row.Frame));
        Assert.Equal(page.Rows[^1].Cursor, page.Next);
    }

    [Fact]
    public async Task Everything_is_still_there_after_a_restart_and_a_replay_changes_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var reports = Enumerable.Range(0, 50).Select(i => device.Inspection(i)).ToArray();
        foreach (var report in reports) await device.SendAsync(report);
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet) is { Inspections: 50 }, "fifty inspections");
        await fleet.RestartFleetAsync();
        foreach (var report in reports) await device.SendAsync(report);
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet) is { Inspections: 50, Duplicates: 50 }, "fifty duplicates");
    }

    [Fact]
    public async Task What_was_sent_while_the_fleet_was_away_arrives_when_it_is_back()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SayOnlineAsync();
        await device.SendAsync(device.Inspection());
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet) is { Inspections: 1 }, "the first inspection");
        await fleet.StopFleetAsync();
        for (var i = 1; i < 200; i++) await device.SendAsync(device.Inspection(i));
        await fleet.StartFleetAsync();
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet) is { Inspections: 200 }, "all 200 inspections");
    }

    [Theory]
    [InlineData("cvops/v1/plant/line-1/inspection/cam", "{", "No JSON")]
    [InlineData("cvops/v1/plant/line-1/status", """{"device":"line-2","connectivity":"Online","boot":1,"agentVersion":"1"}""", "status of 'line-2'")]
    public async Task A_message_that_makes_no_sense_is_set_aside_with_its_reason_and_the_next_one_is_applied(string topic, string payload, string reason)
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SendAsync(topic, Encoding.UTF8.GetBytes(payload));
        await device.SendAsync(device.Inspection());
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet) is { Inspections: 1 }, "the good message");
        var dead = Assert.Single((await fleet.Http.GetFromJsonAsync("deadletters", ContractsJson.Default.DeadLetterPage, TestContext.Current.CancellationToken))!.Letters);
        Assert.Equal(topic, dead.Topic);
        Assert.Contains(reason, dead.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_cannot_speak_for_another_in_its_origin()
    {
        var report = Encoding.UTF8.GetBytes("""
            {"origin":{"device":"line-2","boot":1,"sequence":1},"camera":"cam","frame":0,"connection":1,"capturedAt":"2026-11-21T06:00:00Z","timeSource":"Host","timeUncertaintyMs":1,
             "model":{"name":"m","version":"1","digest":"d"},"prediction":{},"timings":{"queueMs":0,"preprocessMs":0,"inferenceMs":0,"decodeMs":0}}
            """);
        var message = new MessageReader().Read("cvops/v1/plant/line-1/inspection/cam", new(report));
        Assert.Null(message.Body);
        Assert.Contains("origin is device 'line-2'", message.Reason, StringComparison.Ordinal);
        Assert.IsType<Inspection>(new MessageReader().Read("cvops/v1/plant/line-2/inspection/cam", new(report)).Body);
    }

    [Fact]
    public async Task A_message_is_acknowledged_only_after_it_is_durable_and_the_observers_heard_of_it()
    {
        var observer = new Gatekeeper();
        await using var fleet = await FleetHost.StartAsync(change: builder => builder.Services.AddSingleton<IFleetObserver>(observer));
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SendAsync(device.Inspection());
        await observer.Called.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        // The observer holds the message: it is in the table already and the broker has no PUBACK, so it comes again after a stop.
        Assert.Equal(1, await fleet.Services.GetRequiredService<Database>().ReadAsync(c => c.ExecuteScalar<int>("SELECT count(*) FROM inspections"), TestContext.Current.CancellationToken));
        await fleet.StopFleetAsync();
        observer.Open.SetResult();
        await fleet.StartFleetAsync();
        await Eventually.Async(() => observer.Calls >= 2, TimeSpan.FromSeconds(10), () => $"{observer.Calls} calls", TestContext.Current.CancellationToken);
        Assert.Equal(1, (await DeviceAsync(fleet))!.Inspections);
    }

    private static async Task<DeviceView?> DeviceAsync(FleetHost fleet) =>
        (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!.SingleOrDefault();

    private sealed class Gatekeeper : IFleetObserver
    {
        private int _calls;

        public TaskCompletionSource Called { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Calls => Volatile.Read(ref _calls);

        public async ValueTask OnInspections(DeviceId device, IReadOnlyList<Inspection> inspections, CancellationToken cancel)
        {
            Interlocked.Increment(ref _calls);
            Called.TrySetResult();
            await Open.Task.WaitAsync(cancel);
        }
    }
}
