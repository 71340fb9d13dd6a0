using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tracking;

/// <summary>Sets runs side by side. Pure.</summary>
internal static class RunComparing
{
    /// <summary>Tags that say where a run ran begin with this.</summary>
    public const string Environment = "cvops.environment.";

    /// <summary>The tag that says from which code a run was made; MLflow's clients write the second.</summary>
    public const string Code = "cvops.code";
    private const string GitCommit = "mlflow.source.git.commit";

    private static readonly string[] Seeds = ["seed", "random_state", "random_seed"];

    /// <param name="curves">Of the metrics that are worth a picture.</param>
    public static RunComparison Of(IReadOnlyList<TrackedRun> runs, IReadOnlyList<MetricCurves> curves) => new(
        runs,
        [
            Compare("dataset", runs, run => run.Datasets.Count == 0 ? null : string.Join(", ", run.Datasets.Select(set => $"{set.Name} {set.Digest}"))),
            Compare("code", runs, run => run.Tags.GetValueOrDefault(Code) ?? run.Tags.GetValueOrDefault(GitCommit)),
            Compare("seed", runs, run => Seeds.Select(name => run.Params.GetValueOrDefault(name)).FirstOrDefault(value => value is not null)),
            .. Keys(runs, run => run.Tags.Keys.Where(key => key.StartsWith(Environment, StringComparison.Ordinal)))
                .Select(key => Compare(key[Environment.Length..], runs, run => run.Tags.GetValueOrDefault(key))),
        ],
        [.. Keys(runs, run => run.Params.Keys).Select(key => Compare(key, runs, run => run.Params.GetValueOrDefault(key)))],
        [.. Keys(runs, run => run.Metrics.Keys).Select(key => Compare(key, runs, run => run.Metrics.TryGetValue(key, out var point) ? point.Value.ToString("G6", CultureInfo.InvariantCulture) : null))],
        curves);

    /// <summary>The names that any of the runs has, in their order.</summary>
    public static IEnumerable<string> Keys(IReadOnlyList<TrackedRun> runs, Func<TrackedRun, IEnumerable<string>> of) => runs.SelectMany(of).Distinct().Order(StringComparer.Ordinal);

    private static ComparedValue Compare(string name, IReadOnlyList<TrackedRun> runs, Func<TrackedRun, string?> of)
    {
        var values = runs.Select(of).ToArray();
        return new ComparedValue(name, values, values.Distinct().Count() > 1);
    }
}
