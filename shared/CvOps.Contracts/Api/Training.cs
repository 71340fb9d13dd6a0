using System.Text.Json;

namespace CvOps.Contracts.Api;

/// <param name="Parent">Digest of the package that the run starts from, usually the champion; the new model takes its name.</param>
/// <param name="Version">Version of the new model; its name is the parent's.</param>
/// <param name="L2">The parameter <c>l2</c> of the trainer <c>head</c> where <see cref="Parameters"/> has none.</param>
public sealed record TrainingRequest(string Dataset, string Parent, string Version, string By, double L2 = 1e-3, int Seed = 1)
{
    /// <summary>Name of a trainer that the fleet is configured with.</summary>
    public string Trainer { get; set; } = "head";

    /// <summary>What the trainer is told, in its own words.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Parameters { get; set; }

    /// <summary>Null: what the fleet allows.</summary>
    public TrainingBudget? Budget { get; set; }

    /// <summary>Of the runs that wait the highest goes first, then the oldest; -100 to 100.</summary>
    public int Priority { get; set; }

    /// <summary>Null: one run with <see cref="Parameters"/>. Otherwise runs with what is found, and the best of them goes to the gate.</summary>
    public TrainingSearch? Search { get; set; }
}

/// <param name="WallTime">Longest the run may train, all attempts together; of a search, from its first run to its last.</param>
/// <param name="Runs">Of a search: how many runs at most.</param>
public sealed record TrainingBudget(TimeSpan? WallTime = null, int? Runs = null);

/// <summary>Stored by name.</summary>
public enum TrainingState { Queued, Running, Packing, Gating, Passed, Refused, Inconclusive, Failed, Trained, Cancelled }

public sealed record TrainingRunView
{
    public required string Id { get; init; }

    public required TrainingRequest Request { get; init; }

    public required TrainingState State { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Loss by step, as the trainer reports it; thinned. All of it: <c>GET training/{id}/metrics</c>.</summary>
    public required IReadOnlyList<TrainingPoint> Curve { get; init; }

    /// <summary>The last value of each.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Digest of the package that came out; null until there is one.</summary>
    public string? Model { get; init; }

    public GateResult? Gate { get; init; }

    /// <summary>Id of the search that this run is a trial of.</summary>
    public string? Search { get; init; }

    /// <summary>How often its trainer was started.</summary>
    public int Attempts { get; init; }

    /// <summary>When the present attempt, or the last one, began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How long its trainers have run, without the present one.</summary>
    public TimeSpan Spent { get; init; }

    /// <summary>When the trainer last said something that was kept.</summary>
    public DateTimeOffset? HeardAt { get; init; }

    /// <summary>Where it ran, as fleet and trainer say: os, cpu, runtime, code, and more.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Digest of the run's log in the blob store; null while it runs.</summary>
    public string? Log { get; init; }

    /// <summary>Of a search: its runs, in their order.</summary>
    public IReadOnlyList<TrainingTrial>? Trials { get; init; }
}

public sealed record TrainingPoint(int Step, double Loss);

/// <summary>A value of a run's metric.</summary>
public sealed record TrainingMetric(string Name, long Step, double Value, DateTimeOffset At);

/// <param name="Next">The cursor of the next page; null on the last.</param>
public sealed record TrainingMetricPage(IReadOnlyList<TrainingMetric> Metrics, string? Next);

/// <summary>One line of a trainer's standard output (JSON lines); fleet/TRAINERS.md has the contract.</summary>
/// <param name="Event">environment, progress, metrics, checkpoint, done, failed.</param>
/// <param name="Of">Steps in all, where the trainer knows.</param>
public sealed record TrainerLine(
    string Event, int? Step = null, double? Loss = null, IReadOnlyDictionary<string, double>? Metrics = null, string? Message = null, int? Of = null,
    IReadOnlyDictionary<string, string>? Environment = null);

/// <summary>A trainer's <c>golden.json</c>: inputs, and what the network said to them before it was exported. The files lie beside it.</summary>
/// <param name="Tolerance">Largest absolute difference of an output value.</param>
public sealed record ExportVectors(double Tolerance, IReadOnlyList<ExportVector> Vectors);

/// <param name="Input">File with the input of batch 1, float32 little-endian.</param>
public sealed record ExportVector(string Input, IReadOnlyList<ExportOutput> Outputs);

/// <param name="Name">Graph output.</param>
/// <param name="File">Its float32 values, little-endian.</param>
public sealed record ExportOutput(string Name, string File);
