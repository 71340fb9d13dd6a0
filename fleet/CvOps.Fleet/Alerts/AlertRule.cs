using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Alerts;

/// <summary>A rule ready to be asked: which sightings it is about.</summary>
internal sealed class AlertRule
{
    private readonly LabelSelector? _where;

    /// <param name="settings">Checked by <see cref="AlertRuleCheck"/>.</param>
    public AlertRule(string name, AlertRuleSettings settings)
    {
        (Name, Settings) = (name, settings);
        if (settings.Where is { } where) _where = LabelSelector.Parse(where);
    }

    public string Name { get; }

    public AlertRuleSettings Settings { get; }

    public bool IsAbout(Sighting sighting) =>
        Settings.Enabled && sighting.Source == Settings.Source && Reaches(sighting.Value) && (_where is null || _where.Matches(AlertLabels.Of(Name, Settings.Severity, sighting.Subject, sighting.Labels)));

    /// <summary>One alert of a key is open at most.</summary>
    public string KeyOf(string subject) => $"{Name} {subject}";

    private bool Reaches(double? value)
    {
        if (value is not { } seen || AlertRules.ThresholdOf(Settings.Source) is not { } usual) return true;
        var threshold = Settings.Threshold ?? usual;
        return Settings.Source == AlertSource.DeadLetters ? seen >= threshold : seen <= threshold;
    }
}

/// <summary>What selectors over alerts see: the alert's labels with its rule, subject and severity.</summary>
internal static class AlertLabels
{
    public static DeviceLabels Of(string rule, AlertSeverity severity, string subject, IReadOnlyDictionary<string, string> labels)
    {
        var all = new Dictionary<string, string>(labels) { ["rule"] = rule, ["severity"] = Word(severity), ["subject"] = subject };
        return new DeviceLabels(labels.GetValueOrDefault(DeviceLabels.DeviceName, ""), labels.GetValueOrDefault(DeviceLabels.SiteName, ""), all, []);
    }

    public static DeviceLabels Of(AlertView alert) => Of(alert.Rule, alert.Severity, alert.Subject, alert.Labels);

    public static string Word(AlertSeverity severity) => severity.ToString().ToLowerInvariant();
}
