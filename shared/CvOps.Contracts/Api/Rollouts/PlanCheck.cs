using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>What a plan would do if it were started now. Nothing is changed by asking.</summary>
public sealed record PlanCheck
{
    /// <summary>Every mistake; empty when the rollout could be started.</summary>
    public required IReadOnlyList<PlanMistake> Mistakes { get; init; }

    /// <summary>What is no mistake and should be known, a sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The plan as the fleet understood it, with what was left out; null when it could not be read.</summary>
    public RolloutPlan? Plan { get; init; }

    public ModelRef? Model { get; init; }

    /// <summary>Empty when there is a mistake.</summary>
    public required IReadOnlyList<PlannedRing> Rings { get; init; }

    /// <summary>Null when there is a mistake.</summary>
    public RolloutCoverage? Coverage { get; init; }
}

/// <param name="Path">The key, such as <c>rings[1].percent</c>; empty for the plan as a whole.</param>
/// <param name="Line">Of the text, from 1; null where it is about no place or the text had none.</param>
/// <param name="Column">From 1.</param>
public sealed record PlanMistake(string Path, string Problem, int? Line = null, int? Column = null)
{
    public override string ToString() => $"{(Line is null ? "" : $"({Line},{Column}) ")}{(Path.Length == 0 ? "" : $"{Path}: ")}{Problem}";
}

/// <param name="Sites">Devices by site.</param>
/// <param name="First">The first of its devices, in the order in which they would be told.</param>
/// <param name="Tell">How many could be told at once if the ring began now.</param>
/// <param name="Waits">What the others would wait for, in a sentence; null when none would.</param>
public sealed record PlannedRing(string Name, int Devices, IReadOnlyDictionary<string, int> Sites, IReadOnlyList<DeviceId> First, int Tell, string? Waits);
