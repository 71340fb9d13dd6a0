using System.Diagnostics;
using System.Net.Http.Json;
using CvOps.Contracts;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class ThroughputTests
{
    [Fact]
    public async Task Twenty_thousand_inspections_are_taken_in_each_once()
    {
        const int Devices = 4, PerDevice = 5_000, InFlight = 64;
        await using var fleet = await FleetHost.StartAsync();
        var devices = await Task.WhenAll(Enumerable.Range(1, Devices).Select(i => fleet.ConnectDeviceAsync($"line-{i}")));
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(devices.Select(device => Parallel.ForAsync(0, PerDevice, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = TestContext.Current.CancellationToken },
            async (i, _) => await device.SendAsync(device.Inspection(i)))));
        var sent = clock.Elapsed;
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!
            .Sum(device => device.Inspections) == Devices * PerDevice, "all inspections");
        TestContext.Current.TestOutputHelper?.WriteLine($"{Devices * PerDevice} inspections: sent in {sent.TotalSeconds:F2} s, applied after {clock.Elapsed.TotalSeconds:F2} s, {Devices * PerDevice / clock.Elapsed.TotalSeconds:F0} a second");
        foreach (var device in devices) await device.DisposeAsync();
    }
}
