using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>What a metric shows, as people say it. What follows "stopped: " or "inconclusive: the new model ".</summary>
internal static class GuardWords
{
    public static string Of(GuardEvidence guard)
    {
        var where = guard.Group is { } group ? $" on {group}" : "";
        var only = guard.Test == GuardTest.Lower ? "only " : "";
        if (guard.ChampionRate <= 0) return Without(guard, where);
        var times = (guard.ChallengerRate / guard.ChampionRate).ToString("0.0", CultureInfo.InvariantCulture);
        return guard.Metric switch
        {
            RolloutMetric.Errors => $"fails on {only}{times} times as many frames{where}",
            RolloutMetric.Latency => $"is slow on {only}{times} times as many frames{where}",
            RolloutMetric.Rejects => $"rejects {only}{times} times as many parts{where}",
            RolloutMetric.Confidence => $"is unsure of {only}{times} times as many parts{where}",
            RolloutMetric.Drift => $"raises {only}{times} times as many drift alarms{where}",
            RolloutMetric.Crashes => $"restarts {only}{times} times as often{where}",
            _ => throw new ArgumentOutOfRangeException(nameof(guard), guard.Metric, "Unknown metric."),
        };
    }

    /// <summary>There is no ratio to nothing.</summary>
    private static string Without(GuardEvidence guard, string where)
    {
        var share = RolloutWords.Percent(Math.Round(guard.ChallengerRate, 4));
        return guard.Metric switch
        {
            RolloutMetric.Errors => $"fails on {share} of the frames{where}, the previous one on none",
            RolloutMetric.Latency => $"is slow on {share} of the frames{where}, the previous one on none",
            RolloutMetric.Rejects => $"rejects {share} of the parts{where}, the previous one none",
            RolloutMetric.Confidence => $"is unsure of {share} of the parts{where}, the previous one of none",
            RolloutMetric.Drift => $"raises an alarm in {share} of the drift windows{where}, the previous one in none",
            RolloutMetric.Crashes => $"restarts in {share} of the health reports{where}, the previous one in none",
            _ => throw new ArgumentOutOfRangeException(nameof(guard), guard.Metric, "Unknown metric."),
        };
    }
}
