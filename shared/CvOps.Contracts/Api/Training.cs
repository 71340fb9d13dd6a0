namespace CvOps.Contracts.Api;

/// <param name="Parent">Digest of the package whose backbone is kept, usually the champion.</param>
/// <param name="Version">Version of the new model; its name is the parent's.</param>
/// <param name="L2">Weight of the L2 penalty, at least 0.</param>
public sealed record TrainingRequest(string Dataset, string Parent, string Version, string By, double L2 = 1e-3, int Seed = 1);

public enum TrainingState { Queued, Running, Packing, Gating, Passed, Refused, Inconclusive, Failed }

public sealed record TrainingRunView
{
    public required string Id { get; init; }

    public required TrainingRequest Request { get; init; }

    public required TrainingState State { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Loss by step, as the trainer reports it.</summary>
    public required IReadOnlyList<TrainingPoint> Curve { get; init; }

    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Digest of the package that came out; null until there is one.</summary>
    public string? Model { get; init; }

    public GateResult? Gate { get; init; }
}

public sealed record TrainingPoint(int Step, double Loss);

/// <summary>One line of a trainer's standard output (JSON lines).</summary>
/// <param name="Event">progress, metrics, done, failed.</param>
public sealed record TrainerLine(string Event, int? Step = null, double? Loss = null, IReadOnlyDictionary<string, double>? Metrics = null, string? Message = null);
