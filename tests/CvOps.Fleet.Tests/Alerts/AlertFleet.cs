using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Tests.Alerts;

/// <summary>What tests of alerts do to a fleet, over its API and its broker.</summary>
internal static class AlertFleet
{
    /// <summary>Looks often, gathers nothing, and may knock at this machine.</summary>
    public static void Quick(FleetOptions options)
    {
        options.AlertsEvery = TimeSpan.FromMilliseconds(200);
        options.AlertsGather = TimeSpan.Zero;
        options.AlertNetworks = "127.0.0.1/32";
    }

    public static Task<AlertChannelSaved> WebhookAsync(this FleetHost fleet, string name, string url) => fleet.PutAsync<AlertChannelSettings, AlertChannelSaved>($"alerts/channels/{name}", new AlertChannelSettings { Kind = AlertChannelKind.Webhook, Url = url });

    /// <summary>Devices that are gone are an alert at once, and over at once.</summary>
    public static Task<AlertRuleView> OfflineAtOnceAsync(this FleetHost fleet, Func<AlertRuleSettings, AlertRuleSettings>? change = null)
    {
        var rule = new AlertRuleSettings { Source = AlertSource.DeviceOffline, Severity = AlertSeverity.Critical, ResolveAfter = TimeSpan.Zero };
        return fleet.PutAsync<AlertRuleSettings, AlertRuleView>("alerts/rules/device-offline", change?.Invoke(rule) ?? rule);
    }

    public static Task SayOfflineAsync(this TestDevice device) =>
        device.SendAsync(device.Topics.Status, new DeviceStatus(device.Id, Connectivity.Offline, device.Boot, "1.0"), ContractsJson.Default.DeviceStatus, retain: true);

    public static async Task<AlertView[]> AlertsAsync(this FleetHost fleet, string query = "") => [.. (await fleet.Http.GetFromJsonAsync<AlertPage>($"alerts{query}", ContractsJson.Default.Options, TestContext.Current.CancellationToken))!.Alerts];

    public static async Task<TOut> PutAsync<TIn, TOut>(this FleetHost fleet, string path, TIn body)
    {
        using var answer = await fleet.Http.PutAsJsonAsync(path, body, ContractsJson.Default.Options, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (await answer.Content.ReadFromJsonAsync<TOut>(ContractsJson.Default.Options, TestContext.Current.CancellationToken))!;
    }
}
