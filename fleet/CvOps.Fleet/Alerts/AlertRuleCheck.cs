using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Alerts;

/// <summary>Finds every mistake in what a person asks for. Pure.</summary>
internal static class AlertRuleCheck
{
    public const int MostRules = 500;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);
    private static readonly TimeSpan LeastReminder = TimeSpan.FromMinutes(1);

    /// <param name="channels">Names of all channels.</param>
    public static IEnumerable<string> Mistakes(string name, AlertRuleSettings rule, IReadOnlyCollection<string> channels)
    {
        if (!Identifier.IsValid(name)) yield return $"'{name}' is no name of a rule: use letters, digits, '-', '_' and '.', at most 64.";
        if (!Enum.IsDefined(rule.Source)) yield return "source is none that there is.";
        foreach (var (field, span, least) in new[] { ("for", rule.For, TimeSpan.Zero), ("resolveAfter", rule.ResolveAfter, TimeSpan.Zero) })
            if (span < least || span > Longest) yield return $"{field} is {span}; it lies between 00:00:00 and 30.00:00:00.";
        foreach (var (field, span) in new[] { ("remindAfter", rule.RemindAfter), ("escalateAfter", rule.EscalateAfter) })
            if (span is { } given && (given < LeastReminder || given > Longest)) yield return $"{field} is {given}; it lies between 00:01:00 and 30.00:00:00.";
        if (rule.EscalateAfter is null != (rule.EscalateTo.Count == 0)) yield return "escalateAfter and escalateTo belong together: after how long, and to which channels.";
        foreach (var channel in rule.Channels.Concat(rule.EscalateTo).Distinct())
            if (!channels.Contains(channel)) yield return $"There is no channel '{channel}'; 'cvops alerts channels' lists those there are.";
        if (rule.Where is { } where && !LabelSelector.TryParse(where, out _, out var mistake)) yield return $"where: {mistake}";
        foreach (var label in rule.GroupBy)
            if (!Identifier.IsValid(label)) yield return $"groupBy: '{label}' is no label.";
        if (rule.Threshold is not { } threshold) yield break;
        if (AlertRules.ThresholdOf(rule.Source) is null) yield return $"{rule.Source} takes no threshold.";
        else if (!double.IsFinite(threshold) || threshold < 0 || threshold > 1e9) yield return "threshold is a number from 0 on.";
    }

    public static string? Mistake(SilenceRequest asked, DateTimeOffset now) => asked switch
    {
        { By.Length: 0 } or { Reason.Length: 0 } => "A silence says who made it and why.",
        _ when asked.EndsAt <= now => $"The silence would have ended at {asked.EndsAt:u}.",
        _ when asked.EndsAt > now + Longest => "A silence lasts 30 days at most: what nobody wants to hear of for longer is a rule to disable.",
        { Select.Length: 0 } => "Say which alerts, e.g. rule=device-offline,site=ulm.",
        _ when !LabelSelector.TryParse(asked.Select, out _, out var mistake) => $"select: {mistake}",
        _ => null,
    };
}
