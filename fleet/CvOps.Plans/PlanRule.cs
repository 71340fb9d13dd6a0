using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Plans.Selectors;

namespace CvOps.Plans;

/// <summary>What a plan must hold whatever the fleet looks like. Lists every mistake, not just the first. Pure.</summary>
public static class PlanRule
{
    /// <summary>Most rings of a plan.</summary>
    public const int Rings = 50;

    /// <summary>Most windows, and most labels that make strata.</summary>
    private const int Parts = 20;

    private const int HighestPriority = 1000;

    /// <summary>A year. What shall wait longer is meant to wait for a person.</summary>
    private const double MostSeconds = 366 * 86400;

    /// <summary>Largest ratio of two rates that a guard may allow.</summary>
    private const double MostTimes = 100;

    public static IReadOnlyList<PlanMistake> Check(RolloutPlan plan)
    {
        var mistakes = new Mistakes();
        if (string.IsNullOrWhiteSpace(plan.Name) || plan.Name.Length > 120) mistakes.Add("name", "A rollout needs a name of 1 to 120 characters.");
        if (plan.Model is null == plan.Configuration is null)
            mistakes.Add(plan.Model is null ? "" : "configuration", $"A plan rolls out a model or a configuration; it names {(plan.Model is null ? "neither: say model" : "both: leave one out")}.");
        Target(plan, mistakes);
        CheckRings(plan, mistakes);
        CheckSoak("soak", plan.Soak, mistakes);
        CheckGuardrails(plan.Guardrails, mistakes);
        CheckPace(plan, mistakes);

        if (plan.Shadow is { } shadow)
        {
            if (shadow.Frames < 1) mistakes.Add("shadow.frames", $"It is {shadow.Frames}; at least 1: no frame says nothing.");
            if (shadow.Devices < 0) mistakes.Add("shadow.devices", $"It is {shadow.Devices}; 0 means those of the first ring.");
            mistakes.Duration("shadow.timeout-seconds", shadow.TimeoutSeconds, 1);
            if (plan.FirstInstallation) mistakes.Add("shadow", "A first installation has no model in charge that a shadow could be compared with: leave it out.");
            if (plan.Configuration is not null) mistakes.Add("shadow", "A configuration does not run in shadow: leave it out.");
        }
        if (plan.Strata.Count > Parts) mistakes.Add("strata", $"{plan.Strata.Count} labels make strata; at most {Parts}.");
        for (var i = 0; i < plan.Strata.Count; i++)
            if (!Identifier.IsValid(plan.Strata[i])) mistakes.Add($"strata[{i}]", $"'{plan.Strata[i]}' is no label.");
        return mistakes.Found;
    }

    private static void Target(RolloutPlan plan, Mistakes mistakes)
    {
        if (plan.Select is not null && !LabelSelector.TryParse(plan.Select, out _, out var wrong)) mistakes.Add("select", $"{wrong}.");
        foreach (var (label, value) in plan.Target)
        {
            if (!Identifier.IsValid(label)) mistakes.Add($"target.{label}", $"'{label}' is no label.");
            if (value.Length == 0) mistakes.Add($"target.{label}", "A value is missing.");
        }
        if (plan is { Everything: false, Select: null, Target.Count: 0 })
            mistakes.Add("target", "The plan does not say which devices: name their labels, such as 'select: site=ulm,!retired', or say 'target: everything'.");
    }

    private static void CheckRings(RolloutPlan plan, Mistakes mistakes)
    {
        var rings = plan.Rings;
        if (rings.Count is 0 or > Rings) mistakes.Add("rings", $"The plan has {rings.Count} rings; it needs 1 to {Rings}.");
        for (var i = 0; i < rings.Count; i++)
        {
            var (ring, at) = (rings[i], $"rings[{i}]");
            if (string.IsNullOrWhiteSpace(ring.Name)) mistakes.Add($"{at}.name", $"Ring {i + 1} has no name.");
            else if (rings.Take(i).Any(other => other.Name == ring.Name)) mistakes.Add($"{at}.name", $"Two rings are called '{ring.Name}'.");
            var ways = (ring.Count is null ? 0 : 1) + (ring.Percent is null ? 0 : 1) + (ring.Devices is null ? 0 : 1) + (ring.Select is null ? 0 : 1);
            if (ways != 1) mistakes.Add(at, $"A ring says exactly one of count, percent, devices and select; this one says {ways}.");
            if (ring.Count < 1) mistakes.Add($"{at}.count", $"It is {ring.Count}; at least 1.");
            if (ring.Percent is { } share && !(share is > 0 and <= 100)) mistakes.Add($"{at}.percent", $"It is {Number(share)}; above 0 and at most 100.");
            if (ring.Devices is { Count: 0 }) mistakes.Add($"{at}.devices", "It names no device.");
            if (ring.Select is not null && !LabelSelector.TryParse(ring.Select, out _, out var wrong)) mistakes.Add($"{at}.select", $"{wrong}.");
            if (ring.Soak is { } soak) CheckSoak($"{at}.soak", soak, mistakes);
        }
        var sum = rings.Sum(r => r.Percent ?? 0);
        // A last ring of 100 is how people write "everybody else"; the shares before it are what may not add up to more.
        if (sum > 100 + 1e-9 && !(rings is [.., { Percent: 100 }] && sum <= 200 + 1e-9))
            mistakes.Add("rings", $"The rings' percentages add up to {Number(sum)}; each is the ring's own share of all targets, not a running total. A last ring of 100 takes everybody else.");
    }

    private static void CheckSoak(string at, Soak soak, Mistakes mistakes)
    {
        mistakes.Duration($"{at}.seconds", soak.Seconds, 0);
        if (soak.Parts < 1) mistakes.Add($"{at}.parts", $"It is {soak.Parts}; at least 1: no data never lets a ring through.");
        mistakes.Duration($"{at}.timeout-seconds", soak.TimeoutSeconds, 1);
        if (soak.TimeoutSeconds <= soak.Seconds) mistakes.Add($"{at}.timeout-seconds", $"It is {Number(soak.TimeoutSeconds)} s; longer than the soak of {Number(soak.Seconds)} s, or nothing ever passes.");
    }

    private static void CheckGuardrails(Guardrails guards, Mistakes mistakes)
    {
        mistakes.Between("guardrails.false-stop-risk", guards.FalseStopRisk, 0, 0.5);
        mistakes.Between("guardrails.false-promotion-risk", guards.FalsePromotionRisk, 0, 0.5);
        mistakes.Between("guardrails.non-inferiority-margin", guards.NonInferiorityMargin, 0, 1);
        mistakes.Between("guardrails.error-rate", guards.ErrorRate, 0, 0.5);
        if (guards.FailedUpdates < 0) mistakes.Add("guardrails.failed-updates", $"It is {guards.FailedUpdates}; 0 or more.");
        if (guards.Disagreement is not (> 0 and <= 0.5)) mistakes.Add("guardrails.disagreement", $"It is {Number(guards.Disagreement)}; above 0 and at most 0.5.");
        if (guards.Controls < 0) mistakes.Add("guardrails.controls", $"It is {guards.Controls}; 0 or more.");
        foreach (var (metric, guard) in guards.Metrics) CheckGuard($"guardrails.{metric.ToString().ToLowerInvariant()}", metric, guard, mistakes);
    }

    private static void CheckGuard(string at, RolloutMetric metric, MetricGuard? guard, Mistakes mistakes)
    {
        if (guard is null)
        {
            mistakes.Add(at, "It is empty: leave it out for what is usual, or say 'then: ignore'.");
            return;
        }
        if (guard.Ratio is not (>= 1 and <= MostTimes)) mistakes.Add($"{at}.ratio", $"It is {Number(guard.Ratio)}; 1 to {MostTimes}.");
        if (guard.Shift is { } shift && shift is not (> 1 and <= MostTimes)) mistakes.Add($"{at}.shift", $"It is {Number(shift)}; above 1 and at most {MostTimes}.");
        if (!Enum.IsDefined(guard.Then)) mistakes.Add($"{at}.then", $"It is one of {string.Join(", ", Enum.GetNames<GuardAction>()).ToLowerInvariant()}.");
        if (metric == RolloutMetric.Confidence && guard.Then == GuardAction.Stop) mistakes.Add($"{at}.then", "A model may be unsure and right, so confidence alone stops nothing: say 'pause'.");
    }

    private static void CheckPace(RolloutPlan plan, Mistakes mistakes)
    {
        if (plan.Windows.Count > Parts) mistakes.Add("windows", $"The plan has {plan.Windows.Count} windows; at most {Parts}.");
        for (var i = 0; i < plan.Windows.Count; i++) CheckWindow($"windows[{i}]", plan.Windows[i], mistakes);
        if (plan.Limits.Devices < 1) mistakes.Add("limits.devices", $"It is {plan.Limits.Devices}; at least 1.");
        if (plan.Limits.PerSite < 1) mistakes.Add("limits.per-site", $"It is {plan.Limits.PerSite}; at least 1.");
        if (plan.Limits.BytesPerSecond < 1) mistakes.Add("limits.bytes-per-second", $"It is {plan.Limits.BytesPerSecond}; at least 1.");
        mistakes.Duration("offline.wait-seconds", plan.Offline.WaitSeconds, 0);
        if (plan.Priority is < 0 or > HighestPriority) mistakes.Add("priority", $"It is {plan.Priority}; 0 to {HighestPriority}.");
        if (plan.ExpiresAt <= plan.StartsAt) mistakes.Add("expires-at", "The plan expires before it starts.");
    }

    private static void CheckWindow(string at, RolloutWindow window, Mistakes mistakes)
    {
        if (window is { From: null, To: null, Days: null, Shift: null, IdleSeconds: null }) mistakes.Add(at, "A window says at least one of from and to, days, shift and idle.");
        if (window.From is null != window.To is null) mistakes.Add(at, "A window has both from and to, or neither.");
        else if ((window.From is not null || window.Days is not null) && Hours.Read(window.From ?? "00:00", window.To ?? "00:00", window.Days, out var problem) is null) mistakes.Add(at, problem!);
        if (window.TimeZone is not null && window is { From: null, Days: null }) mistakes.Add($"{at}.time-zone", "It is about from, to and days, which are not there; shifts have their site's.");
        if (window.TimeZone is { } zone && Hours.Zone(zone) is null) mistakes.Add($"{at}.time-zone", Hours.NoZone(zone));
        if (window.Shift is { } shift && !Identifier.IsValid(shift)) mistakes.Add($"{at}.shift", $"'{shift}' is no name of a shift.");
        if (window.IdleSeconds is { } idle) mistakes.Duration($"{at}.idle-seconds", idle, 1);
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private sealed class Mistakes
    {
        public List<PlanMistake> Found { get; } = [];

        public void Add(string path, string problem) => Found.Add(new PlanMistake(path, problem));

        public void Duration(string path, double value, double least)
        {
            if (!(value >= least && value <= MostSeconds)) Add(path, $"It is {Number(value)}; {Number(least)} to {Number(MostSeconds)} seconds.");
        }

        public void Between(string path, double value, double low, double high)
        {
            if (!(value > low && value < high)) Add(path, $"It is {Number(value)}; between {Number(low)} and {Number(high)}, both excluded.");
        }
    }
}
