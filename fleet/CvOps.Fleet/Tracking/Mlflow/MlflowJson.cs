using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>MLflow's answers, as its protocol buffers have them in JSON (REST API 2.0): snake case, nothing that is not set, NaN and infinities as texts.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(MlflowProblem))]
[JsonSerializable(typeof(Nothing))]
[JsonSerializable(typeof(ExperimentCreated))]
[JsonSerializable(typeof(ExperimentAnswer))]
[JsonSerializable(typeof(ExperimentsAnswer))]
[JsonSerializable(typeof(RunAnswer))]
[JsonSerializable(typeof(RunInfoAnswer))]
[JsonSerializable(typeof(RunsAnswer))]
[JsonSerializable(typeof(MetricsAnswer))]
[JsonSerializable(typeof(FilesAnswer))]
[JsonSerializable(typeof(RegisteredModelAnswer))]
[JsonSerializable(typeof(RegisteredModelsAnswer))]
[JsonSerializable(typeof(ModelVersionAnswer))]
[JsonSerializable(typeof(ModelVersionsAnswer))]
[JsonSerializable(typeof(ArtifactUriAnswer))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class MlflowJson : JsonSerializerContext;

internal sealed record MlflowProblem(string ErrorCode, string Message);

internal sealed record Nothing;

internal sealed record MlflowTag(string Key, string Value);

internal sealed record MlflowExperiment(
    string ExperimentId, string Name, string ArtifactLocation, string LifecycleStage, long LastUpdateTime, long CreationTime, IReadOnlyList<MlflowTag> Tags);

internal sealed record ExperimentCreated(string ExperimentId);

internal sealed record ExperimentAnswer(MlflowExperiment Experiment);

internal sealed record ExperimentsAnswer(IReadOnlyList<MlflowExperiment> Experiments, string? NextPageToken);

/// <param name="RunUuid">The id under its old name, which clients still read.</param>
internal sealed record MlflowRunInfo(
    string RunId, string RunUuid, string RunName, string ExperimentId, string UserId, string Status, long StartTime, long? EndTime, string ArtifactUri, string LifecycleStage);

internal sealed record MlflowMetric(string Key, double Value, long Timestamp, long Step);

internal sealed record MlflowRunData(IReadOnlyList<MlflowMetric> Metrics, IReadOnlyList<MlflowTag> Params, IReadOnlyList<MlflowTag> Tags);

internal sealed record MlflowDataset(string Name, string Digest, string SourceType, string Source, string? Schema, string? Profile);

internal sealed record MlflowDatasetInput(IReadOnlyList<MlflowTag> Tags, MlflowDataset Dataset);

internal sealed record MlflowRunInputs(IReadOnlyList<MlflowDatasetInput> DatasetInputs);

internal sealed record MlflowRun(MlflowRunInfo Info, MlflowRunData Data, MlflowRunInputs Inputs);

internal sealed record RunAnswer(MlflowRun Run);

internal sealed record RunInfoAnswer(MlflowRunInfo RunInfo);

internal sealed record RunsAnswer(IReadOnlyList<MlflowRun> Runs, string? NextPageToken);

internal sealed record MetricsAnswer(IReadOnlyList<MlflowMetric> Metrics, string? NextPageToken);

internal sealed record MlflowFile(string Path, bool IsDir, long? FileSize);

/// <param name="RootUri">Null from the proxy, which is asked by address.</param>
internal sealed record FilesAnswer(string? RootUri, IReadOnlyList<MlflowFile> Files);

internal sealed record MlflowAlias(string Alias, string Version);

internal sealed record MlflowRegisteredModel(
    string Name, long CreationTimestamp, long LastUpdatedTimestamp, string Description, IReadOnlyList<MlflowModelVersion> LatestVersions, IReadOnlyList<MlflowTag> Tags, IReadOnlyList<MlflowAlias> Aliases);

internal sealed record MlflowModelVersion(
    string Name, string Version, long CreationTimestamp, long LastUpdatedTimestamp, string UserId, string CurrentStage, string Description, string Source, string RunId, string Status,
    IReadOnlyList<MlflowTag> Tags, string RunLink, IReadOnlyList<string> Aliases);

internal sealed record RegisteredModelAnswer(MlflowRegisteredModel RegisteredModel);

internal sealed record RegisteredModelsAnswer(IReadOnlyList<MlflowRegisteredModel> RegisteredModels, string? NextPageToken);

internal sealed record ModelVersionAnswer(MlflowModelVersion ModelVersion);

internal sealed record ModelVersionsAnswer(IReadOnlyList<MlflowModelVersion> ModelVersions, string? NextPageToken);

internal sealed record ArtifactUriAnswer(string ArtifactUri);
