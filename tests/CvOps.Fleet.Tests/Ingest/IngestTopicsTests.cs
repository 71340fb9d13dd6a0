using System.Collections.Concurrent;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Ingest;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class IngestTopicsTests
{
    private const int Reports = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_report_comes_once_and_in_its_order()
    {
        var heard = new Listener();
        await using var fleet = await FleetHost.StartAsync(change: builder => builder.Services.AddSingleton<IFleetObserver>(heard));
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        for (var i = 1; i <= Reports; i++) await device.SendAsync(device.Topics.TwinReported, Report(i), ContractsJson.Default.TwinReported, retain: true);
        await device.SendAsync(device.Inspection());
        await UntilAsync(fleet, 1);
        await Eventually.Async(() => heard.Versions.Contains(Reports), Deadline, () => string.Join(' ', heard.Versions), Token);
        Assert.Equal(Enumerable.Range(1, Reports).Select(i => (long)i), heard.Versions);
    }

    [Fact]
    public async Task A_session_that_an_earlier_version_left_loses_nothing_and_brings_nothing_twice_from_then_on()
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        using (var earlier = new FleetLink(Microsoft.Extensions.Options.Options.Create(fleet.Options)))
        {
            await earlier.ConnectAsync([IngestTopics.Former], IngestTopics.All, Token);
            await earlier.LeaveAsync();
        }
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        for (var i = 0; i < 10; i++) await device.SendAsync(device.Inspection(i));
        await fleet.StartFleetAsync();
        await UntilAsync(fleet, 10);
        for (var i = 10; i < 20; i++) await device.SendAsync(device.Inspection(i));
        await UntilAsync(fleet, 20);
        Assert.Equal(0, (await DeviceAsync(fleet))!.Duplicates);
    }

    private static Task UntilAsync(FleetHost fleet, int inspections) => FleetHost.UntilAsync(async () => (await DeviceAsync(fleet))?.Inspections == inspections, $"{inspections} inspections");

    private static async Task<DeviceView?> DeviceAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Token))!.SingleOrDefault();

    private static TwinReported Report(long version) => new()
    {
        DesiredVersion = version, Boot = 1, At = DateTimeOffset.UnixEpoch, AgentVersion = "1", Provider = "CPU", Cameras = [], Model = new ReportedModel { State = UpdateState.Idle },
    };

    private sealed class Listener : IFleetObserver
    {
        public ConcurrentQueue<long> Versions { get; } = [];

        public ValueTask OnTwinReported(DeviceId device, TwinReported reported, CancellationToken cancel)
        {
            Versions.Enqueue(reported.DesiredVersion);
            return ValueTask.CompletedTask;
        }
    }
}
