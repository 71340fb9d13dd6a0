using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Alerts.Sightings;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Tests.Alerts;

namespace CvOps.Fleet.Tests.Devices;

/// <summary>A full spool or a sick disk is trouble for as long as it goes on, and not until the agent is started anew.</summary>
public sealed class SpoolTroubleTests
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.UnixEpoch.AddDays(20_000);

    [Theory]
    [InlineData(0, true)]
    [InlineData(9, true)]
    [InlineData(11, false)]
    [InlineData(null, true)]        // of an agent that does not say when
    public void What_was_given_up_is_told_for_ten_minutes(int? minutesAgo, bool told)
    {
        var health = Health(new DeviceId("press-1"), new Origin(new DeviceId("press-1"), 1, 1), Noon, minutesAgo is { } ago ? Noon.AddMinutes(-ago) : null);
        var device = new DeviceView { Id = new DeviceId("press-1"), Site = new SiteId("plant"), Connectivity = Connectivity.Online, LastSeen = Noon, Labels = new Dictionary<string, string>(), Health = health, Inspections = 0, Duplicates = 0 };
        Assert.Equal(told ? [AlertSource.SpoolEviction, AlertSource.DeviceDisk] : [], DeviceSightings.Of(device).Select(sighting => sighting.Source));
        Assert.Equal(told ? AttentionLevel.Warning : AttentionLevel.None, DeviceAttention.Level(health));
    }

    [Fact]
    public async Task Its_alerts_are_over_when_the_cause_is_gone_though_the_agent_runs_on()
    {
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        foreach (var (rule, source) in new[] { ("spool-eviction", AlertSource.SpoolEviction), ("device-disk", AlertSource.DeviceDisk) })
            await fleet.PutAsync<AlertRuleSettings, AlertRuleView>($"alerts/rules/{rule}", new AlertRuleSettings { Source = source, Severity = AlertSeverity.Warning, ResolveAfter = TimeSpan.Zero });
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SayOnlineAsync();
        var now = DateTimeOffset.UtcNow;
        await device.SendAsync(device.Topics.Health, Health(device.Id, device.NextOrigin(), now, now.AddSeconds(-5)), ContractsJson.Default.DeviceHealth);
        await FleetHost.UntilAsync(async () => (await fleet.AlertsAsync()).Count(alert => alert.Rule is "spool-eviction" or "device-disk") == 2, "both alerts");

        await device.SendAsync(device.Topics.Health, Health(device.Id, device.NextOrigin(), now.AddMinutes(20), now.AddSeconds(-5)), ContractsJson.Default.DeviceHealth);
        await FleetHost.UntilAsync(async () => (await fleet.AlertsAsync()).All(alert => alert.Rule is not ("spool-eviction" or "device-disk")), "the end of both alerts");
        Assert.Equal(2, (await fleet.AlertsAsync("?state=resolved")).Length);
    }

    private static DeviceHealth Health(DeviceId device, Origin origin, DateTimeOffset at, DateTimeOffset? lost) => new()
    {
        Origin = origin with { Device = device }, At = at, UptimeSeconds = 100, ResidentBytes = 1, Provider = "CPU", Cameras = [],
        Spool = new SpoolHealth(0, 0, 1 << 30, 4, 0) { Losses = [new SpoolLoss(TopicKind.Frame, SpoolLossReason.Budget, 3) { At = lost }, new SpoolLoss(TopicKind.Frame, SpoolLossReason.Disk, 1) { At = lost }] },
    };
}
