using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>Numbers as people read them in a rollout's sentences.</summary>
internal static class RolloutWords
{
    public static string StopRisk(RolloutPlan plan, RolloutEvidence evidence) =>
        $"risk of a false stop at most {Percent(plan.Guardrails.FalseStopRisk)}; {Parts(evidence.Parts)} exposed";

    public static string Parts(long parts) => parts == 1 ? "1 part was" : $"{parts} parts were";

    public static string Percent(double share) => (share * 100).ToString("0.###", CultureInfo.InvariantCulture) + " %";

    public static string Evidence(double value) => value >= 1e6 ? value.ToString("0.0e0", CultureInfo.InvariantCulture) : value.ToString("0.#", CultureInfo.InvariantCulture);

    public static string Time(TimeSpan time) => time.TotalSeconds < 120 ? $"{time.TotalSeconds:0} s"
        : time.TotalMinutes < 120 ? $"{time.TotalMinutes:0} min" : $"{time.TotalHours:0.#} h";
}
