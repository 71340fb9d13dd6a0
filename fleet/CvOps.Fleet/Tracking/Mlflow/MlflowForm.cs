using CvOps.Contracts.Api;
using CvOps.Fleet.Tracking.Registry;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>What the fleet knows, in the form in which MLflow's clients read it.</summary>
internal static class MlflowForm
{
    /// <summary>The tag of a dataset that says what it was used for.</summary>
    public const string DatasetContext = "mlflow.data.context";

    private const string NoStage = "None";

    public static MlflowExperiment Of(Experiment experiment) => new(
        experiment.Id, experiment.Name, experiment.Location, Stage(experiment.Deleted), Milliseconds(experiment.UpdatedAt), Milliseconds(experiment.CreatedAt), Of(experiment.Tags));

    /// <param name="location">Where the artefacts of the run's experiment lie.</param>
    public static MlflowRun Of(TrackedRun run, string location) => new(
        InfoOf(run, location),
        new MlflowRunData(
            [.. run.Metrics.Select(metric => Of(metric.Key, metric.Value))], [.. run.Params.Select(pair => new MlflowTag(pair.Key, pair.Value))], [.. run.Tags.Select(pair => new MlflowTag(pair.Key, pair.Value))]),
        new MlflowRunInputs(
        [
            .. run.Datasets.Select(set => new MlflowDatasetInput(
                set.Context is { } context ? [new MlflowTag(DatasetContext, context)] : [], new MlflowDataset(set.Name, set.Digest, set.SourceType, set.Source, set.Schema, set.Profile))),
        ]));

    /// <inheritdoc cref="Of(TrackedRun, string)"/>
    public static MlflowRunInfo InfoOf(TrackedRun run, string location) => new(
        run.Id, run.Id, run.Name, run.Experiment, run.By, run.Status.ToString().ToUpperInvariant(), Milliseconds(run.StartedAt), run.EndedAt is { } ended ? Milliseconds(ended) : null,
        ArtefactPath.UriOf(location, run.Id), Stage(run.Deleted));

    public static MlflowMetric Of(string key, MetricPoint point) => new(key, point.Value, Milliseconds(point.At), point.Step);

    public static MlflowRegisteredModel Of(RegisteredModel model) => new(
        model.Name, Milliseconds(model.CreatedAt), Milliseconds(model.UpdatedAt), model.Description, model.Latest is { } latest ? [Of(latest)] : [], Of(model.Tags),
        [.. model.Aliases.Select(alias => new MlflowAlias(alias.Alias, alias.Version))]);

    public static MlflowModelVersion Of(RegisteredVersion version) => new(
        version.Name, version.Version, Milliseconds(version.CreatedAt), Milliseconds(version.UpdatedAt), version.Owner, NoStage, version.Description, version.Source, version.Run, "READY", Of(version.Tags),
        version.RunLink, version.Aliases);

    private static MlflowTag[] Of(IReadOnlyList<KeyText> tags) => [.. tags.Select(tag => new MlflowTag(tag.Key, tag.Value))];

    private static string Stage(bool deleted) => deleted ? "deleted" : "active";

    private static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}
