namespace CvOps.Contracts.Api;

/// <summary>Stored by name; only ever added to.</summary>
public enum RunStatus { Running, Scheduled, Finished, Failed, Killed }

/// <summary>Something that was tried, and what came of it: a training run of CvOps, or what any MLflow client logged.</summary>
public sealed record TrackedRun
{
    public required string Id { get; init; }

    /// <summary>Id of its experiment.</summary>
    public required string Experiment { get; init; }

    public required string ExperimentName { get; init; }

    public required string Name { get; init; }

    /// <summary>Who ran it; may be empty.</summary>
    public required string By { get; init; }

    public required RunStatus Status { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Put aside: shown to whoever asks for it by its id.</summary>
    public bool Deleted { get; init; }

    public IReadOnlyDictionary<string, string> Params { get; set; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Tags { get; set; } = new Dictionary<string, string>();

    /// <summary>The latest value of each: that of the highest step.</summary>
    public IReadOnlyDictionary<string, MetricPoint> Metrics { get; set; } = new Dictionary<string, MetricPoint>();

    public IReadOnlyList<RunDataset> Datasets { get; set; } = [];
}

/// <param name="Value">May be NaN or infinite.</param>
public sealed record MetricPoint(long Step, double Value, DateTimeOffset At);

/// <param name="Digest">Of a snapshot of CvOps its SHA-256; of others what the client gave.</param>
/// <param name="Context">training, validation, ...; null where nobody said.</param>
public sealed record RunDataset(string Name, string Digest, string SourceType, string Source, string? Schema = null, string? Profile = null, string? Context = null);

/// <param name="Next">The cursor of the next page; null on the last.</param>
public sealed record TrackedRunPage(IReadOnlyList<TrackedRun> Runs, string? Next);

/// <summary>One file of a run.</summary>
/// <param name="Path">Inside the run, with slashes.</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
public sealed record RunArtefact(string Path, long Bytes, string Digest, DateTimeOffset At);

/// <summary>A run with its files.</summary>
public sealed record TrackedRunDetail(TrackedRun Run, IReadOnlyList<RunArtefact> Artefacts);

/// <summary>Runs side by side; every list of values is in the order of the runs.</summary>
/// <param name="Facts">What the runs stood on: dataset, code, seed, environment.</param>
public sealed record RunComparison(
    IReadOnlyList<TrackedRun> Runs, IReadOnlyList<ComparedValue> Facts, IReadOnlyList<ComparedValue> Params, IReadOnlyList<ComparedValue> Metrics, IReadOnlyList<MetricCurves> Curves);

/// <param name="Values">Of each run; null where it has none.</param>
/// <param name="Differs">Not all runs have the same.</param>
public sealed record ComparedValue(string Name, IReadOnlyList<string?> Values, bool Differs);

/// <summary>One metric over the steps of several runs.</summary>
/// <param name="Runs">The curve of each run, by rising step, thinned to at most 400 points; empty where the run has none.</param>
public sealed record MetricCurves(string Metric, IReadOnlyList<IReadOnlyList<CurvePoint>> Runs);

public sealed record CurvePoint(long Step, double Value);
