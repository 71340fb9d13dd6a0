using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Alerts;

/// <summary>Alerts in words. Pure.</summary>
internal static class AlertWords
{
    /// <summary>Alerts that a notification names; of a whole plant nobody reads a line a device.</summary>
    public const int MostTold = 100;

    public static string Of(AlertState state) => state.ToString().ToLowerInvariant();

    public static AlertMessage Message(AlertView alert, AlertNotice notice, DateTimeOffset now, string fleet) => new()
    {
        Id = alert.Id, Notice = notice, Rule = alert.Rule, Subject = alert.Subject, Severity = alert.Severity, State = alert.State, Summary = alert.Summary, Since = alert.Since, At = now,
        Link = fleet + alert.Link, Labels = alert.Labels,
    };

    /// <param name="messages">At least one.</param>
    public static AlertNotification Notification(IReadOnlyList<AlertMessage> messages)
    {
        // What begins matters more than what ends.
        var ordered = messages.OrderBy(message => message.Notice == AlertNotice.Resolved).ThenByDescending(message => message.Severity).ThenBy(message => message.Subject, StringComparer.Ordinal).ToArray();
        var first = ordered[0];
        var worst = ordered.Max(message => message.Severity);
        var over = ordered.Count(message => message.Notice == AlertNotice.Resolved);
        var what = first.Notice switch { AlertNotice.Resolved => "Over: ", AlertNotice.Reminder => "Still: ", AlertNotice.Escalated => "Nobody acknowledged: ", _ => "" };
        var others = ordered.Length == 1 ? "" : over is 0 || over == ordered.Length ? $" (and {ordered.Length - 1} more)" : $" (and {ordered.Length - 1} more, {over} over)";
        return new AlertNotification($"[{AlertLabels.Word(worst)}] {what}{first.Rule}: {first.Subject}{others}", worst, ordered.Length, [.. ordered.Take(MostTold)]);
    }

    /// <summary>For a letter: a line of what and why for each.</summary>
    public static string Letter(AlertNotification notification)
    {
        var lines = notification.Alerts.Select(alert => $"{Word(alert.Notice)} ({AlertLabels.Word(alert.Severity)}, {alert.Rule}, {alert.Id})\n{alert.Summary}\nsince {alert.Since:u}{(alert.Link is null ? "" : $"\n{alert.Link}")}\n");
        var rest = notification.Total - notification.Alerts.Count;
        return string.Join('\n', lines) + (rest > 0 ? $"\nand {rest} more\n" : "");
    }

    private static string Word(AlertNotice notice) => notice switch
    {
        AlertNotice.Fired => "NEW",
        AlertNotice.Reminder => "STILL",
        AlertNotice.Escalated => "NOT ACKNOWLEDGED",
        AlertNotice.Resolved => "OVER",
        _ => "TEST",
    };
}
