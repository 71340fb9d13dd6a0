using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tests.Rollouts;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Cluster;

/// <summary>Several fleets, each a process, on one PostgreSQL database and one mosquitto: Orleans itself, MQTTnet itself.</summary>
[Trait("needs", "postgres")]
public sealed class ClusterTests(ITestOutputHelper output) : IAsyncDisposable
{
    private readonly List<TestProcess> _processes = [];

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll");
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly RolloutRing[] TwoRings = [new("canary", Devices: [new DeviceId("line-1")]), new("rest", Percent: 100)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_killed_in_mid_canary_costs_no_message_and_the_evidence_is_that_of_a_rollout_nobody_disturbed()
    {
        var undisturbed = await EvidenceAsync((_, _) => Task.CompletedTask);
        var killed = await EvidenceAsync((first, watch) =>
        {
            output.WriteLine($"kill -9 at {watch.Elapsed.TotalSeconds:f1} s");
            return first.KillAsync();
        });

        Assert.Equal(undisturbed, killed);
    }

    [Fact]
    public async Task One_silo_restarted_after_the_other_under_load_costs_no_message()
    {
        await using var host = await FleetHost.StartAsync(start: false);
        var (first, firstAddress) = await StartAsync(host, "one");
        var (second, _) = await StartAsync(host, "two");
        await using var device = await host.ConnectDeviceAsync("press-1");
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var (sent, unheard) = (0, 0);
        var load = Task.Run(async () =>
        {
            while (!ends.IsCancellationRequested)
            {
                unheard += await device.SendUntilHeardAsync(device.Inspection(sent++));
                await Task.Delay(5, CancellationToken.None);
            }
        }, Cancel);

        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        await StopInOrderAsync(first);
        (first, firstAddress) = await StartAsync(host, "one");
        output.WriteLine(await SeatsAsync(host));
        await StopInOrderAsync(second);
        await StartAsync(host, "two");
        await ends.CancelAsync();
        await load;

        host.Talk(firstAddress);
        await UntilInspectedAsync(host, "press-1", sent);
        output.WriteLine($"{sent} messages while both were restarted; {unheard} times nobody heard one and it was sent again");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (TestContext.Current.TestState?.Result == TestResult.Failed) output.WriteLine(string.Join('\n', process.Output.Split('\n').TakeLast(60)));
            await process.DisposeAsync();
        }
    }

    /// <summary>A canary that sees a few hundred parts; whoever holds its grains goes when half of them were seen.</summary>
    /// <returns>The evidence at the end, without its times.</returns>
    private async Task<string> EvidenceAsync(Func<TestProcess, Stopwatch, Task> disturb)
    {
        await using var host = await FleetHost.StartAsync(start: false);
        // Alone at first, so that every grain is here.
        var (first, firstAddress) = await StartAsync(host, "one");
        host.Talk(firstAddress);
        await using var line = await RolloutLine.StartAsync(3, host);
        await line.CreateAsync(line.Plan(TwoRings) with { Soak = new Soak(0, 10_000, 600) });
        var canary = line.Devices[0];
        await line.TakeOverAsync(canary);
        await line.UntilAsync(RolloutState.Soaking);
        await line.InspectAsync(canary, 150, said: "ok", previousSaid: "ok");
        var (_, secondAddress) = await StartAsync(host, "two");
        await line.InspectAsync(canary, 50);

        var watch = Stopwatch.StartNew();
        await disturb(first, watch);
        host.Talk(secondAddress);
        await line.InspectAsync(canary, 200, said: "ok", previousSaid: "scratch");
        await UntilInspectedAsync(host, "line-1", 400);
        output.WriteLine($"all 400 in at {watch.Elapsed.TotalSeconds:f1} s");
        var view = await UntilAsync(host, line, 400);
        output.WriteLine($"the rollout has all 400 as evidence at {watch.Elapsed.TotalSeconds:f1} s: {view.State}");

        return JsonSerializer.Serialize(view.Evidence with { Curve = [] }, ContractsJson.Default.Options);
    }

    private static async Task<RolloutView> UntilAsync(FleetHost host, RolloutLine line, long parts)
    {
        RolloutView? seen = null;
        await Eventually.Async(async () =>
        {
            try
            {
                return (seen = await line.ReadAsync()).Evidence.Parts == parts;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, Deadline, () => $"{seen?.State} {seen?.Reason}: {seen?.Evidence.Parts} of {parts} parts are evidence", Cancel);
        return seen!;
    }

    private static async Task UntilInspectedAsync(FleetHost host, string device, long count)
    {
        var seen = "";
        await Eventually.Async(async () =>
        {
            try
            {
                seen = await host.Http.GetStringAsync($"devices/{device}", Cancel);
                return JsonSerializer.Deserialize(seen, ContractsJson.Default.DeviceView) is { } view && view.Inspections == count;
            }
            catch (HttpRequestException e)
            {
                seen = e.Message;
                return false;
            }
        }, Deadline, () => $"{count} inspections; {seen}", Cancel);
    }

    private async Task<(TestProcess Process, Uri Address)> StartAsync(FleetHost host, string name)
    {
        var http = FreePort();
        var process = TestProcess.Start(TestProcess.DotNet, [Program, .. host.Arguments(http), "--client-id", $"fleet-{name}"], new Dictionary<string, string?>
        {
            ["Fleet__Cluster"] = host.Options.Cluster, ["Fleet__SiloAddress"] = "127.0.0.1", ["Fleet__SiloPort"] = FreePort().ToString(CultureInfo.InvariantCulture),
        });
        _processes.Add(process);
        await Eventually.Async(() => process.Output.Contains("MqttIngest[2001] Connected to", StringComparison.Ordinal) && process.Output.Contains("cvops-fleet listens", StringComparison.Ordinal), Deadline, () => process.Output, Cancel);
        return (process, new Uri($"http://127.0.0.1:{http}"));
    }

    private async Task StopInOrderAsync(TestProcess process)
    {
        var watch = Stopwatch.StartNew();
        var code = await process.StopAsync(Deadline, Cancel);
        output.WriteLine($"SIGTERM to exit {code} in {watch.Elapsed.TotalSeconds:f1} s");
        Assert.Contains("The others take over", process.Output, StringComparison.Ordinal);
    }

    private static async Task<string> SeatsAsync(FleetHost host)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(host.Options.Cluster!);
        await using var command = source.CreateCommand("SELECT string_agg(client || ' ' || owner || ' ' || beat || ' ' || leaving, ', ') FROM ingest_seats");
        return $"seats: {await command.ExecuteScalarAsync(Cancel)}";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
