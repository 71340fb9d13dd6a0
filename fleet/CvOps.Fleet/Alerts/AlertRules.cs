using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Alerts;

/// <summary>The rules that are there without anybody having written one.</summary>
internal static class AlertRules
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static IReadOnlyDictionary<string, AlertRuleSettings> BuiltIn { get; } = new Dictionary<string, AlertRuleSettings>
    {
        ["broker-lost"] = Rule(AlertSource.BrokerLost, AlertSeverity.Critical, seconds: 30, remind: Hour),
        ["camera-outage"] = Rule(AlertSource.CameraOutage, AlertSeverity.Critical, seconds: 60, remind: 4 * Hour),
        ["candidate-waiting"] = Rule(AlertSource.CandidateWaiting, AlertSeverity.Info, seconds: 0, remind: null),
        ["certificate-ending"] = Rule(AlertSource.CertificateEnding, AlertSeverity.Warning, seconds: 0, remind: Day),
        ["clock-offset"] = Rule(AlertSource.ClockOffset, AlertSeverity.Warning, seconds: 300, remind: Day),
        ["dead-letters"] = Rule(AlertSource.DeadLetters, AlertSeverity.Warning, seconds: 0, remind: Day, groupBy: ["rule"]),
        ["device-disk"] = Rule(AlertSource.DeviceDisk, AlertSeverity.Critical, seconds: 0, remind: Day),
        ["device-offline"] = Rule(AlertSource.DeviceOffline, AlertSeverity.Critical, seconds: 120, remind: 4 * Hour),
        ["device-overdue"] = Rule(AlertSource.DeviceOverdue, AlertSeverity.Warning, seconds: 120, remind: 4 * Hour),
        ["drift"] = Rule(AlertSource.Drift, AlertSeverity.Warning, seconds: 0, remind: Day),
        ["fleet-disk"] = Rule(AlertSource.FleetDisk, AlertSeverity.Critical, seconds: 60, remind: 4 * Hour),
        ["package-lost"] = Rule(AlertSource.PackageLost, AlertSeverity.Critical, seconds: 0, remind: Day),
        ["quality-finding"] = Rule(AlertSource.QualityFinding, AlertSeverity.Info, seconds: 0, remind: null),
        ["rollout-approval"] = Rule(AlertSource.RolloutApproval, AlertSeverity.Info, seconds: 0, remind: Day),
        ["rollout-paused"] = Rule(AlertSource.RolloutPaused, AlertSeverity.Warning, seconds: 0, remind: Day),
        ["rollout-stopped"] = Rule(AlertSource.RolloutStopped, AlertSeverity.Critical, seconds: 0, remind: null),
        ["spool-eviction"] = Rule(AlertSource.SpoolEviction, AlertSeverity.Warning, seconds: 0, remind: Day),
        ["training-failed"] = Rule(AlertSource.TrainingFailed, AlertSeverity.Warning, seconds: 0, remind: null),
        ["update-failed"] = Rule(AlertSource.UpdateFailed, AlertSeverity.Warning, seconds: 60, remind: Day),
    };

    /// <summary>What a rule without a threshold takes; null for sources that know none.</summary>
    public static double? ThresholdOf(AlertSource source) => source switch
    {
        AlertSource.DeadLetters => 1,
        AlertSource.FleetDisk => 10,
        AlertSource.CertificateEnding => 14,
        _ => null,
    };

    private static AlertRuleSettings Rule(AlertSource source, AlertSeverity severity, int seconds, TimeSpan? remind, string[]? groupBy = null) => new()
    {
        Source = source, Severity = severity, For = TimeSpan.FromSeconds(seconds), RemindAfter = remind, GroupBy = groupBy ?? ["rule", "site"],
    };
}
