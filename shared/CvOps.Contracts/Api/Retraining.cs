using System.Text.Json;

namespace CvOps.Contracts.Api;

/// <summary>When a model is trained anew, and what becomes of the result. One a model name; the champion is the parent.</summary>
public sealed record RetrainingPolicy
{
    /// <summary>Name of the model, without a version.</summary>
    public required string Model { get; init; }

    /// <summary>False: nothing but a person starts a training.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>So many labels since the last training start one; null for never.</summary>
    public int? Labels { get; init; }

    /// <summary>An alarm of drift of any camera under the model starts one.</summary>
    public bool Drift { get; set; } = true;

    /// <summary>Hours from one training to the next, whatever happened in between; null for no schedule.</summary>
    public double? EveryHours { get; init; }

    /// <summary>Hours after a training in which nothing but a person starts another.</summary>
    public double CooldownHours { get; set; } = 6;

    /// <summary>With fewer new labels than this a trigger waits: the same labels again give the same model.</summary>
    public int LeastLabels { get; set; } = 20;

    /// <summary>Weight of the L2 penalty, where <see cref="Parameters"/> has none.</summary>
    public double L2 { get; set; } = 1e-3;

    /// <summary>Name of a trainer that the fleet is configured with.</summary>
    public string Trainer { get; set; } = "head";

    /// <summary>What the trainer is told, in its own words.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Parameters { get; set; }

    /// <summary>Plan of a rollout as YAML, without its model: one that passes the gate is drafted with it. Null: it stays in the registry.</summary>
    public string? Plan { get; init; }

    /// <summary>The drafted rollout starts by itself; false: a person lets it loose.</summary>
    public bool Start { get; set; }

    /// <summary>What an hour of labelling costs, in the site's money; null where nobody counts.</summary>
    public double? LabellingHour { get; init; }

    /// <summary>Who set it.</summary>
    public required string By { get; init; }
}

/// <summary>What starts a training.</summary>
public enum RetrainingTrigger { Labels, Drift, Schedule, Person }

/// <param name="Says">In a sentence with its numbers.</param>
public sealed record RetrainingEvidence(RetrainingTrigger Trigger, DateTimeOffset At, string Says);

/// <param name="By">Who asks.</param>
/// <param name="Reason">Why; must not be empty.</param>
public sealed record RetrainingRequest(string By, string Reason);

/// <summary>A policy as it stands now.</summary>
/// <param name="Pending">Evidence that has not started a training yet; all of it is the next one's.</param>
/// <param name="NewLabels">Since the last training.</param>
/// <param name="Says">What it waits for, in a sentence.</param>
public sealed record RetrainingView(RetrainingPolicy Policy, IReadOnlyList<RetrainingEvidence> Pending, int NewLabels, string Says);

/// <summary>Stored and sent by name.</summary>
public enum RetrainingState { Training, Passed, Refused, Inconclusive, Failed }

/// <summary>One line of the ledger: why a model was trained anew, what its labels cost, and what came of them.</summary>
public sealed record RetrainingEntry
{
    public required string Id { get; init; }

    public required string Model { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>All triggers that this training answers.</summary>
    public required IReadOnlyList<RetrainingEvidence> Evidence { get; init; }

    public required RetrainingState State { get; init; }

    public required string Reason { get; init; }

    /// <summary>Labels that the training before did not have.</summary>
    public required int NewLabels { get; init; }

    /// <summary>How long people took for one, seconds: the median time between two labels of one person, pauses left out; null where nobody labelled in a row.</summary>
    public double? SecondsPerLabel { get; init; }

    /// <summary>Of all new labels, in the policy's money; null where it names no price or nobody labelled in a row.</summary>
    public double? Cost { get; init; }

    /// <summary>Version that the new model gets.</summary>
    public required string Version { get; init; }

    public string? Parent { get; init; }

    public string? Dataset { get; init; }

    /// <summary>Id of the training run.</summary>
    public string? Run { get; init; }

    /// <summary>Share of golden frames that the champion got wrong; null before the gate.</summary>
    public double? ErrorBefore { get; init; }

    /// <summary>The same of the new model.</summary>
    public double? ErrorAfter { get; init; }

    /// <summary>Share of golden frames that a new label turned from wrong to right, on average; below 0 where it made things worse.</summary>
    public double? ErrorRemovedPerLabel => NewLabels > 0 && ErrorBefore - ErrorAfter is { } removed ? removed / NewLabels : null;

    /// <summary>Id of the rollout that was drafted or started.</summary>
    public string? Rollout { get; init; }
}
