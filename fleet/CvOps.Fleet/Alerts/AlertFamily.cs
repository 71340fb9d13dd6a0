using CvOps.Contracts.Api;

namespace CvOps.Fleet.Alerts;

/// <summary>Which alerts are told together. Pure.</summary>
internal static class AlertFamily
{
    /// <summary>The same for alerts that have the same values of these labels; one that is missing counts as empty.</summary>
    public static string Of(IReadOnlyList<string> groupBy, AlertView alert)
    {
        var labels = AlertLabels.Of(alert).Labels;
        return string.Join(',', groupBy.Select(label => $"{label}={labels.GetValueOrDefault(label, "")}"));
    }
}
