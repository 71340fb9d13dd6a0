using CvOps.Contracts.Api;

namespace CvOps.Fleet.Retention;

/// <summary>What a policy may say, and what it means at a time. Pure.</summary>
internal static class RetentionRule
{
    private const int MostDays = 36_500;
    private const int LeastWaiting = 1_000;
    private const int MostWaiting = 100_000_000;

    /// <returns>Every mistake in a sentence.</returns>
    public static IReadOnlyList<string> Mistakes(RetentionPolicy? policy)
    {
        if (policy is null) return ["'policy' is missing: how long the fleet keeps what."];
        List<string> mistakes = [];
        foreach (var (name, days) in Days(policy))
            if (days is < 1 or > MostDays) mistakes.Add($"'{name}' is {days}; 1 to {MostDays} days, or null to keep them.");
        if (policy.WaitingFrames is < LeastWaiting or > MostWaiting) mistakes.Add($"'waitingFrames' is {policy.WaitingFrames}; {LeastWaiting} to {MostWaiting}, or null for all.");
        return mistakes;
    }

    /// <summary>What is before it goes; null: nothing.</summary>
    public static DateTimeOffset? Horizon(int? days, DateTimeOffset now) => days is { } some ? now - TimeSpan.FromDays(some) : null;

    /// <summary>For the audit log.</summary>
    public static string Words(RetentionPolicy policy)
    {
        var said = Days(policy).Where(member => member.Days is not null).Select(member => $"{member.Name} {member.Days}");
        if (policy.WaitingFrames is { } most) said = said.Append($"waitingFrames {most}");
        var text = string.Join(", ", said);
        return text.Length == 0 ? "everything is kept" : text;
    }

    private static IEnumerable<(string Name, int? Days)> Days(RetentionPolicy policy) =>
    [
        ("inspectionDays", policy.InspectionDays), ("driftDays", policy.DriftDays), ("zoneDays", policy.ZoneDays), ("connectionDays", policy.ConnectionDays), ("deadLetterDays", policy.DeadLetterDays),
        ("frameDays", policy.FrameDays),
    ];
}
