using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Alerts;

public sealed class MqttAlertTests
{
    [Fact]
    public async Task A_device_hears_of_its_own_alerts_on_its_own_topic_and_of_nobody_elses()
    {
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        await fleet.PutAsync<AlertChannelSettings, AlertChannelSaved>("alerts/channels/bus", new AlertChannelSettings { Kind = AlertChannelKind.Mqtt });
        await fleet.OfflineAtOnceAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await using var other = await fleet.ConnectDeviceAsync("press-2");
        await device.SubscribeAsync("cvops/v1/+/press-1/alert/+");
        await other.SubscribeAsync("cvops/v1/+/press-1/alert/+");
        await device.SayOnlineAsync();
        await device.SayOfflineAsync();
        await FleetHost.UntilAsync(() => Task.FromResult(device.Last("cvops/v1/plant/press-1/alert/device-offline") is not null), "the alert on the bus");
        var alert = JsonSerializer.Deserialize(device.Last(device.Topics.Alert("device-offline"))!, ContractsJson.Default.AlertMessage)!;
        Assert.Equal((AlertNotice.Fired, AlertSeverity.Critical, "press-1"), (alert.Notice, alert.Severity, alert.Subject));
        Assert.Null(other.Last(other.Topics.Alert("device-offline")));
        Assert.Null(other.Last("cvops/v1/plant/press-1/alert/device-offline"));
        Assert.Equal(0, (await fleet.Http.GetFromJsonAsync<DeadLetterPage>("deadletters", ContractsJson.Default.Options, TestContext.Current.CancellationToken))!.Total);
    }

    [Fact]
    public async Task While_the_broker_is_away_alerts_wait_and_that_it_is_away_is_one()
    {
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        await fleet.PutAsync<AlertChannelSettings, AlertChannelSaved>("alerts/channels/bus", new AlertChannelSettings { Kind = AlertChannelKind.Mqtt });
        await fleet.PutAsync<AlertRuleSettings, AlertRuleView>("alerts/rules/broker-lost", new AlertRuleSettings { Source = AlertSource.BrokerLost, Severity = AlertSeverity.Critical, ResolveAfter = TimeSpan.FromMinutes(5) });
        await fleet.Broker.KillAsync();
        await FleetHost.UntilAsync(async () => (await fleet.AlertsAsync()).Any(alert => alert.Rule == "broker-lost"), "an alert of the broker");
        await FleetHost.UntilAsync(async () => (await ChannelAsync(fleet)) is { Problem: not null, Waiting: > 0 }, "a channel that fails");
        await fleet.Broker.RestartAsync(TestContext.Current.CancellationToken);
        await FleetHost.UntilAsync(async () => (await ChannelAsync(fleet)) is { Problem: null, Waiting: 0, DeliveredAt: not null }, "a channel that has delivered");
    }

    [Fact]
    public async Task Messages_set_aside_are_an_alert_until_somebody_has_seen_to_them()
    {
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SendAsync(device.Topics.Health, "{"u8.ToArray());
        await FleetHost.UntilAsync(async () => (await fleet.AlertsAsync()).Any(alert => alert.Rule == "dead-letters"), "an alert of the letter");
        var letters = (await fleet.Http.GetFromJsonAsync<DeadLetterPage>("deadletters", ContractsJson.Default.Options, TestContext.Current.CancellationToken))!.Letters;
        await fleet.PutAsync<AlertRuleSettings, AlertRuleView>("alerts/rules/dead-letters", new AlertRuleSettings { Source = AlertSource.DeadLetters, ResolveAfter = TimeSpan.Zero });
        using (await fleet.Http.PostAsJsonAsync($"deadletters/{letters[0].Row}/discard", new DeadLetterAction("operator", null), ContractsJson.Default.Options, TestContext.Current.CancellationToken)) { }
        await FleetHost.UntilAsync(async () => (await fleet.AlertsAsync("?state=resolved")).Any(alert => alert.Rule == "dead-letters"), "its end");
    }

    private static async Task<AlertChannelView> ChannelAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync<AlertChannelView>("alerts/channels/bus", ContractsJson.Default.Options, TestContext.Current.CancellationToken))!;
}
