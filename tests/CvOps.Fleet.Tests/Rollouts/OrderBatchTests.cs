using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class OrderBatchTests : IAsyncLifetime
{
    private static readonly RolloutRow Rollout = new("rollout-1", "one", new string('a', 64), true, RolloutState.Canary, true, 0);
    private static readonly DesiredModel Model = new(new ModelRef("line", "2", Rollout.Payload), Rollout.Id, new Uri("http://127.0.0.1:1/x"), 10, false);
    private static readonly DeviceId[] Devices = [new("line-1"), new("line-2"), new("line-3")];

    private readonly TestFolder _folder = new();
    private readonly TwinOutbox _outbox = new();
    private readonly SqliteDatabase _database;
    private readonly SharedWrites _shared;
    private readonly RolloutStore _store;
    private readonly OrderBatch _batch;

    public OrderBatchTests()
    {
        _database = new SqliteDatabase(_folder["fleet.db"]);
        _shared = new SharedWrites(_database);
        _store = new RolloutStore(_database, TimeProvider.System);
        var twins = new TwinStore(TimeProvider.System, new SilenceRule(TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(10)));
        _batch = new OrderBatch(new DesiredTwins(_shared, twins, _outbox, new FleetEvents(), TimeProvider.System), TimeProvider.System);
    }

    public async ValueTask InitializeAsync()
    {
        await _database.WriteAsync(connection => connection.Execute("INSERT INTO devices (id, site, online, last_seen) VALUES (@Value, 'north', 1, 1)", Devices), TestContext.Current.CancellationToken);
        await _store.CreateAsync(Rollout, 1, DateTimeOffset.UnixEpoch, [.. Devices.Select((device, place) =>
            new RolloutMember(Rollout.Id, device, new SiteId("north"), 0, place, RolloutDeviceState.Waiting, null, null, 0, false, DateTimeOffset.UnixEpoch, null))]);
    }

    [Fact]
    public async Task Who_was_chosen_what_is_wanted_and_its_version_come_together_and_once()
    {
        Assert.Equal(3, await AssignAsync(() => true, Give));
        Assert.Equal(0, await AssignAsync(() => true, Give));
        Assert.Equal((3L, 3L, 3L), await TablesAsync());
        Assert.All(await MembersAsync(), member => Assert.Equal((RolloutDeviceState.Assigned, 1L), (member.State, member.Ordered)));
    }

    [Fact]
    public async Task An_order_that_fails_in_the_middle_tells_nobody()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => AssignAsync(() => true, (desired, member) => member.Device == Devices[2] ? throw new InvalidOperationException("the disk is full") : Give(desired, member)));
        Assert.Equal((0L, 0L, 0L), await TablesAsync());
        Assert.All(await MembersAsync(), member => Assert.Equal((RolloutDeviceState.Waiting, 0L), (member.State, member.Ordered)));
    }

    [Fact]
    public async Task A_hold_ends_the_batch_with_the_devices_told_so_far()
    {
        var asked = 0;
        Assert.Equal(1, await AssignAsync(() => asked++ < 1, Give));
        Assert.Equal((1L, 1L, 1L), await TablesAsync());
    }

    [Fact]
    public async Task Under_the_emergency_stop_nobody_is_told()
    {
        await _database.WriteAsync(connection => connection.Execute("INSERT INTO emergency_stop (id, at, by, reason) VALUES (1, 1, 'a', 'b')"), TestContext.Current.CancellationToken);
        Assert.Equal(0, await AssignAsync(() => true, Give));
        Assert.Equal((0L, 0L, 0L), await TablesAsync());
    }

    [Fact]
    public async Task A_device_that_cant_be_told_has_failed_with_the_reason_and_the_others_are_told()
    {
        Assert.Equal(3, await AssignAsync(() => true, (desired, member) => DeviceOrder.Give(desired, member.Device, member.Device == Devices[0] ? Model with { Stage = ModelStage.Shadow } : Model)));
        var members = await MembersAsync();
        Assert.Equal([RolloutDeviceState.Failed, RolloutDeviceState.Assigned, RolloutDeviceState.Assigned], members.Select(member => member.State));
        Assert.Contains("can't shadow", members[0].Reason, StringComparison.Ordinal);
        Assert.Equal((2L, 2L, 2L), await TablesAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _shared.DisposeAsync();
        _database.Dispose();
        _outbox.Dispose();
        _folder.Dispose();
    }

    private static Order Give(DesiredTable desired, RolloutMember member) => DeviceOrder.Give(desired, member.Device, Model);

    private Task<int> AssignAsync(Func<bool> may, Func<DesiredTable, RolloutMember, Order> give) => _batch.AssignAsync(Rollout, Devices, RolloutDeviceState.Assigned, may, (desired, member, _) => give(desired, member));

    private Task<List<RolloutMember>> MembersAsync() => _store.MembersAsync(Rollout.Id, 10, "place >= 0");

    /// <summary>Devices of which something is wanted, devices assigned by the tally, entries of the audit log.</summary>
    private Task<(long Wanted, long Assigned, long Audit)> TablesAsync() => _database.ReadAsync(connection => (
        connection.ExecuteScalar<long>("SELECT count(*) FROM devices WHERE desired_version > 0"),
        connection.ExecuteScalar<long>("SELECT coalesce(sum(devices), 0) FROM rollout_tally WHERE state = 'Assigned'"),
        connection.ExecuteScalar<long>("SELECT count(*) FROM audit")), TestContext.Current.CancellationToken);
}
