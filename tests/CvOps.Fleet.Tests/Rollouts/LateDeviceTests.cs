using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Rollouts.Evidence;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>Devices that match a plan's target only after its rings were dealt.</summary>
public sealed class LateDeviceTests
{
    private static readonly RolloutRing[] TwoRings = [new("canary", Devices: [new DeviceId("line-1")]), new("everyone", Percent: 100)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Late_devices_join_the_last_ring_once_also_over_a_restart_and_get_the_payload_when_it_is_reached()
    {
        await using var line = await StartAsync(2);
        await line.CreateAsync(line.Plan(TwoRings) with { Late = LateDevices.Join });
        await ComeAsync(line, "line-3");
        var grown = await line.UntilAsync(view => view.Rings[1].Devices == 2, "line-3 in the last ring");
        Assert.Equal((1, RolloutDeviceState.Waiting, line.Old), Of(grown, "line-3"));

        await line.Fleet.RestartFleetAsync();
        await ComeAsync(line, "line-4");
        await line.UntilAsync(view => view.Rings[1].Devices == 3 && view.Devices.Count == 4, "line-4 beside the one that was there");
        var audit = await line.Fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, Ct);
        Assert.Equal(["second: 1 device joined ring 'everyone': line-3", "second: 1 device joined ring 'everyone': line-4"], audit!.Entries.Where(entry => entry.Action == "rollout.joined").Select(entry => entry.Detail));

        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        Assert.All(line.Devices[1..], device => Assert.Null(device.Desired));
        await line.InspectAsync(line.Devices[0], 150);
        foreach (var device in line.Devices[1..]) await line.TakeOverAsync(device);
        await line.UntilAsync(view => view is { State: RolloutState.Soaking, Ring: 1 }, "the last ring soaking");
        foreach (var device in line.Devices[1..]) await line.InspectAsync(device, 30);
        var done = await line.UntilAsync(RolloutState.Completed);
        Assert.Equal(4, done.Devices.Count(device => device.State == RolloutDeviceState.Running));
    }

    [Fact]
    public async Task A_device_that_another_rollout_holds_joins_only_when_that_lets_go_and_a_plan_that_ignores_late_devices_stays_as_it_is()
    {
        await using var line = await StartAsync(5);
        await GroupAsync(line, "early", "line-1");
        await GroupAsync(line, "own", "line-4");
        var all = new RolloutRing("everyone", Percent: 100);
        await line.CreateAsync(line.Plan(all) with { Everything = false, Select = "group=early", Late = LateDevices.Join });
        await line.CreateAsync(line.Plan(all) with { Name = "other", Everything = false, Select = "device=line-3" });
        await line.CreateAsync(line.Plan(all) with { Name = "closed", Everything = false, Select = "group=own" });
        await GroupAsync(line, "early", "line-1", "line-2", "line-3");
        await GroupAsync(line, "own", "line-4", "line-5");
        var grown = await line.UntilAsync(view => view.Devices.Count > 1, "line-2 in the ring");
        Assert.Equal(["line-1", "line-2"], grown.Devices.Select(device => device.Device.Value));
        await RolloutLine.UntilDesiredAsync(line.Devices[1], line.New, compare: true);

        var abort = await line.Fleet.Http.PostAsJsonAsync("rollouts/rollout-2/abort", new RolloutAction("operator", "a test"), ContractsJson.Default.RolloutAction, Ct);
        Assert.Equal(HttpStatusCode.OK, abort.StatusCode);
        await line.UntilAsync(view => view.Devices.Count == 3, "line-3 in the ring once it is free");
        var closed = await line.Fleet.Http.GetFromJsonAsync("rollouts/rollout-3", ContractsJson.Default.RolloutView, Ct);
        Assert.Equal("line-4", Assert.Single(closed!.Devices).Device.Value);
    }

    [Fact]
    public async Task What_joined_by_one_look_does_not_join_by_another()
    {
        await using var line = await RolloutLine.StartAsync(2);
        // Its own looks join nobody: the test looks in its place.
        await line.CreateAsync(line.Plan(TwoRings) with { Late = LateDevices.Ignore });
        var plan = line.Plan(TwoRings) with { Late = LateDevices.Join };
        await ComeAsync(line, "line-3");
        var join = line.Fleet.Services.GetRequiredService<LateJoin>();
        var first = await join.FindAsync("rollout-1", plan);
        var second = await join.FindAsync("rollout-1", plan);
        Assert.Equal(("line-3", 1), (Assert.Single(first).Device.Value, second.Count));
        Assert.Single(await join.JoinAsync("rollout-1", plan, first));
        Assert.Empty(await join.JoinAsync("rollout-1", plan, second));
        Assert.Empty(await join.FindAsync("rollout-1", plan));

        await ComeAsync(line, "line-4");
        var late = await join.FindAsync("rollout-1", plan);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("abort")).StatusCode);
        Assert.Empty(await join.JoinAsync("rollout-1", plan, late));
    }

    [Theory]
    [InlineData(RolloutState.Scheduled, 0, false, true)]
    [InlineData(RolloutState.Canary, 0, false, true)]
    [InlineData(RolloutState.Soaking, 0, true, true)]
    [InlineData(RolloutState.Advancing, 1, false, true)]
    [InlineData(RolloutState.Paused, 1, false, true)]
    [InlineData(RolloutState.Paused, 1, true, false)]
    [InlineData(RolloutState.Soaking, 1, true, false)]
    [InlineData(RolloutState.Draft, 0, false, false)]
    [InlineData(RolloutState.Stopping, 0, false, false)]
    [InlineData(RolloutState.RollingBack, 0, false, false)]
    [InlineData(RolloutState.Completed, 1, true, false)]
    [InlineData(RolloutState.Aborted, 0, false, false)]
    public void Devices_join_while_the_rollout_goes_on_and_its_last_ring_is_not_judged_yet(RolloutState state, int ring, bool soaks, bool may)
    {
        var now = DateTimeOffset.UnixEpoch;
        var record = new RolloutRecord { Plan = Plans.Of(TwoRings) with { Late = LateDevices.Join }, State = state, Ring = ring, SoakSince = soaks ? now : null };
        Assert.Equal(may, LateDeviceRule.MayJoin(record, now));
        record.Plan = record.Plan with { ExpiresAt = now };
        Assert.False(LateDeviceRule.MayJoin(record, now));
        record.Plan = record.Plan with { ExpiresAt = null, Late = LateDevices.Ignore };
        Assert.False(LateDeviceRule.MayJoin(record, now));
    }

    [Fact]
    public void A_late_device_counts_for_a_group_there_is_and_makes_none()
    {
        HashSet<(string, string)> lines = [("line 3", "ulm"), ("line 4", "ulm")];
        Assert.Equal("line 3", EvidenceGroups.OfLate(lines, "ulm", "3"));
        Assert.Equal("line 3", EvidenceGroups.OfLate(lines, "ulm", "5"));
        Assert.Equal("line 3", EvidenceGroups.OfLate(lines, "graz", "3"));
        HashSet<(string, string)> sites = [("line 3 at ulm", "ulm"), ("site graz", "graz")];
        Assert.Equal("line 3 at ulm", EvidenceGroups.OfLate(sites, "ulm", "3"));
        Assert.Equal("site graz", EvidenceGroups.OfLate(sites, "graz", "3"));
        Assert.Equal("line 3 at ulm", EvidenceGroups.OfLate(sites, "ulm", ""));
        Assert.Equal("site graz", EvidenceGroups.OfLate(sites, "graz", ""));
    }

    private static async Task<RolloutLine> StartAsync(int devices) =>
        await RolloutLine.StartAsync(devices, await FleetHost.StartAsync(change: app => app.Services.AddSingleton(new LateDevicesPace(TimeSpan.FromMilliseconds(200)))));

    /// <summary>A device that the fleet did not know comes, with the first model.</summary>
    private static async Task ComeAsync(RolloutLine line, string id)
    {
        var device = await line.Fleet.ConnectDeviceAsync(id);
        line.Devices.Add(device);
        await device.SayOnlineAsync();
        await RolloutLine.ReportAsync(device, line.Old, null, UpdateState.Idle);
        await FleetHost.UntilAsync(async () => (await line.Fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Ct))!
            .Any(view => view.Id.Value == id && view.Reported?.Model.Active is not null), $"{id} with a model");
    }

    private static async Task GroupAsync(RolloutLine line, string name, params string[] devices)
    {
        var answer = await line.Fleet.Http.PutAsJsonAsync($"groups/{name}", new GroupRequest([.. devices.Select(device => new DeviceId(device))], null), ContractsJson.Default.GroupRequest, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static (int, RolloutDeviceState, Contracts.Telemetry.ModelRef?) Of(RolloutView view, string id)
    {
        var device = view.Devices.Single(device => device.Device.Value == id);
        return (device.Ring, device.State, device.Previous);
    }
}
