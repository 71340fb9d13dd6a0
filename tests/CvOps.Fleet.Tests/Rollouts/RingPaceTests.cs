using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RingPaceTests : IDisposable
{
    private static readonly RolloutRow Rollout = new("rollout-1", "one", new string('a', 64), true, RolloutState.Canary, true, 0);

    private readonly TestFolder _folder = new();
    private readonly SqliteDatabase _database;

    public RingPaceTests() => _database = new SqliteDatabase(_folder["fleet.db"]);

    [Fact]
    public async Task Devices_that_may_not_be_told_do_not_hold_up_those_behind_them_however_many_they_are()
    {
        var north = RolloutOrderLoop.Batch + 200;
        var store = new RolloutStore(_database, TimeProvider.System);
        (DeviceId Id, string Site)[] devices = [.. Enumerable.Range(0, north + 1).Select(place => (new DeviceId($"line-{place}"), place < north ? "north" : "south"))];
        await _database.WriteAsync(connection => connection.Execute("INSERT INTO devices (id, site, online, last_seen) VALUES (@Id, @Site, 1, 1)", devices.Select(device => new { Id = device.Id.Value, device.Site })), TestContext.Current.CancellationToken);
        await store.CreateAsync(Rollout, 1, DateTimeOffset.UnixEpoch, [.. devices.Select((device, place) =>
            new RolloutMember(Rollout.Id, device.Id, new SiteId(device.Site), 0, place, place == 0 ? RolloutDeviceState.Assigned : RolloutDeviceState.Waiting, null, null, 0, false, DateTimeOffset.UnixEpoch, null))]);
        var plan = Plans.Of(new RolloutRing("all", Percent: 100)) with { Limits = new RolloutLimits(PerSite: 1) };
        var order = new OrderPlan(plan, Plans.New, RolloutState.Canary, 0, DateTimeOffset.UnixEpoch, false);
        var pace = new RingPace(Rollout.Id, store, new ShiftStore(_database), TimeProvider.System);

        // The site in the north has a device that changes: nobody else of it may, and all of the first page are of it.
        Assert.Empty((await pace.ChooseAsync(order, 1)).Tell);
        Assert.Equal([devices[^1].Id], (await pace.ChooseAsync(order, 1)).Tell);
        // From the beginning again.
        Assert.Empty((await pace.ChooseAsync(order, 1)).Tell);
    }

    [Fact]
    public async Task A_shadow_waits_for_bandwidth_and_for_nothing_else()
    {
        var store = new RolloutStore(_database, TimeProvider.System);
        await store.CreateAsync(Rollout, 1, DateTimeOffset.UnixEpoch, [.. Enumerable.Range(0, 4).Select(place =>
            new RolloutMember(Rollout.Id, new DeviceId($"line-{place}"), new SiteId("north"), 0, place, RolloutDeviceState.Waiting, null, null, 0, false, DateTimeOffset.UnixEpoch, null))]);
        var plan = Plans.Of(new RolloutRing("all", Percent: 100)) with { Shadow = new ShadowStage(), Limits = new RolloutLimits(Devices: 1, PerSite: 1, BytesPerSecond: 100) };
        var order = new OrderPlan(plan, Plans.New, RolloutState.Shadowing, 0, DateTimeOffset.UnixEpoch, false);
        Assert.Equal(4, (await new RingPace(Rollout.Id, store, new ShiftStore(_database), TimeProvider.System).ChooseAsync(order, 1)).Tell.Count);

        // An hour each, of which a minute may be queued.
        var pace = new RingPace(Rollout.Id, store, new ShiftStore(_database), TimeProvider.System);
        var first = await pace.ChooseAsync(order, 360_000);
        Assert.Equal(("line-0", 1), (first.Tell[0].Value, first.Tell.Count));
        Assert.Contains("bandwidth: 100 B/s are used up", first.Waits, StringComparison.Ordinal);
        Assert.Empty((await pace.ChooseAsync(order, 360_000)).Tell);
    }

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }
}
