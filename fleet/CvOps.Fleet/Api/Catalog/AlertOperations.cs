using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class AlertOperations
{
    private static readonly Feature Alerts = new("Alerts");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Alerts.Page<AlertPage>("/alerts", "listAlerts", "Alerts, newest first; without a state those that are open.", page => page.Next) with { Refusals = [422] },
        Alerts.Get<AlertDetail>("/alerts/{id}", "getAlert", "One alert and what became of it."),
        Alerts.Post<AlertAction, AlertView>("/alerts/{id}/acknowledge", "acknowledgeAlert", "Says that somebody looks after it: nobody is reminded, and it goes no further.") with { Refusals = [409] },
        Alerts.List<AlertRuleView>("/alerts/rules", "listAlertRules", "When something becomes an alert.", rule => rule.Name),
        Alerts.Get<AlertRuleView>("/alerts/rules/{name}", "getAlertRule", "One rule.") with { Tagged = true },
        Alerts.Put<AlertRuleSettings, AlertRuleView>("/alerts/rules/{name}", "setAlertRule", "Changes a rule, or makes one.") with { Guards = "/alerts/rules/{name}" },
        Alerts.Delete("/alerts/rules/{name}", "resetAlertRule", "Forgets what was set: a rule that came with the fleet is as it came, another is gone.") with { Guards = "/alerts/rules/{name}" },
        Alerts.List<SilenceView>("/alerts/silences", "listSilences", "Silences that have not ended.", silence => silence.Id),
        Alerts.Post<SilenceRequest, SilenceView>("/alerts/silences", "silenceAlerts", "Lets nobody hear of some alerts for a while.") with { Status = 201 },
        Alerts.Delete("/alerts/silences/{id}", "endSilence", "Ends a silence now.") with { Status = 200, Answer = typeof(SilenceView) },
        Alerts.List<AlertChannelView>("/alerts/channels", "listAlertChannels", "Where alerts go, and how each channel does.", channel => channel.Name),
        Alerts.Get<AlertChannelView>("/alerts/channels/{name}", "getAlertChannel", "One channel, without its secret.") with { Tagged = true, TagBy = channel => ((AlertChannelView)channel).Settings },
        Alerts.Put<AlertChannelSettings, AlertChannelSaved>("/alerts/channels/{name}", "setAlertChannel", "Adds a channel, or changes one; a new secret is told this once.") with { Guards = "/alerts/channels/{name}" },
        Alerts.Delete("/alerts/channels/{name}", "removeAlertChannel", "Takes a channel away, with what waits for it.") with { Guards = "/alerts/channels/{name}" },
        Alerts.Post<AlertTestResult>("/alerts/channels/{name}/test", "testAlertChannel", "Sends a test and says what came of it."),
    ];
}
