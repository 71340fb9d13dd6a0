using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>How a model reaches a fleet. Rings are taken in order; the first is the canary.</summary>
public sealed record RolloutPlan
{
    public required string Name { get; init; }

    /// <summary>Digest of the package.</summary>
    public required string Model { get; init; }

    /// <summary>Labels a device must have; <c>site</c> and <c>device</c> count as labels. Empty: every device.</summary>
    public IReadOnlyDictionary<string, string> Target { get; set; } = new Dictionary<string, string>();

    public required IReadOnlyList<RolloutRing> Rings { get; init; }

    public Soak Soak { get; set; } = new();

    public Guardrails Guardrails { get; set; } = new();

    /// <summary>
    /// True for a first installation: there is no model in charge to compare with, so only errors, latency and update failures can stop it.
    /// Has to be said; without it, a device that has no model makes the comparison Inconclusive.
    /// </summary>
    public bool FirstInstallation { get; init; }
}

/// <summary>Ordered group of devices. Exactly one of the three says which; <see cref="Percent"/> is of all targets, rounded up.</summary>
public sealed record RolloutRing(string Name, int? Count = null, double? Percent = null, IReadOnlyList<DeviceId>? Devices = null);

/// <summary>What a ring must survive before the next, all three.</summary>
/// <param name="Seconds">Time since its last device took the model over.</param>
/// <param name="Parts">Parts inspected by the ring with the new model.</param>
/// <param name="TimeoutSeconds">Longest wait for evidence; then the rollout pauses as Inconclusive.</param>
public sealed record Soak(double Seconds = 3600, long Parts = 1000, double TimeoutSeconds = 86_400);

/// <summary>When a rollout stops. Every probability is over the whole rollout, with a look after every report.</summary>
public sealed record Guardrails
{
    /// <summary>Largest risk of stopping a model that is no worse, (0, 0.5).</summary>
    public double FalseStopRisk { get; set; } = 0.01;

    /// <summary>Largest risk of promoting a model that is worse by more than <see cref="NonInferiorityMargin"/>, (0, 0.5).</summary>
    public double FalsePromotionRisk { get; set; } = 0.01;

    /// <summary>Loss of accuracy that is still acceptable, 0..1.</summary>
    public double NonInferiorityMargin { get; set; } = 0.02;

    /// <summary>Share of failed inferences that is still normal, (0, 0.5).</summary>
    public double ErrorRate { get; set; } = 0.001;

    /// <summary>Devices of one ring that may fail to update before the rollout stops.</summary>
    public int FailedUpdates { get; init; }
}

public enum RolloutState { Scheduled, Canary, Soaking, Advancing, Paused, Stopping, RollingBack, Completed, RolledBack, Aborted }

public sealed record RolloutView
{
    public required string Id { get; init; }

    public required RolloutPlan Plan { get; init; }

    public required ModelRef Model { get; init; }

    public required RolloutState State { get; init; }

    /// <summary>The state in a sentence with its numbers.</summary>
    public required string Reason { get; init; }

    /// <summary>Index of the ring in progress, from 0.</summary>
    public required int Ring { get; init; }

    public required IReadOnlyList<RolloutDevice> Devices { get; init; }

    public required RolloutEvidence Evidence { get; init; }

    public required IReadOnlyList<RolloutTransition> History { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

public enum RolloutDeviceState { Waiting, Assigned, Updating, Running, Failed, RollingBack, RolledBack }

/// <param name="Previous">The model it had and returns to; null for a first installation.</param>
/// <param name="Parts">Parts it inspected with the new model.</param>
public sealed record RolloutDevice(DeviceId Device, int Ring, RolloutDeviceState State, ModelRef? Previous, long Parts, string? Reason);

/// <summary>What the rollout knows so far. Pairs are frames that both the new and the previous model saw.</summary>
/// <param name="ChallengerRight">Of the judged discordant frames, those where only the new model was right.</param>
/// <param name="ChampionRight">Those where only the previous model was right.</param>
/// <param name="NeitherRight">Those where both were wrong.</param>
/// <param name="StopEvidence">E-value against "the new model is no worse"; the rollout stops at <paramref name="StopAt"/>.</param>
/// <param name="PromoteEvidence">E-value against "the new model is worse by the margin or more"; needed to advance: <paramref name="PromoteAt"/>.</param>
/// <param name="ErrorEvidence">E-value against "the error rate is normal"; stops at <paramref name="StopAt"/>.</param>
public sealed record RolloutEvidence(
    long Parts, long Pairs, long Discordant, long Judged, long ChallengerRight, long ChampionRight, long NeitherRight,
    double StopEvidence, double StopAt, double PromoteEvidence, double PromoteAt,
    long Errors, double ErrorEvidence, double ChampionConfidence, double ChallengerConfidence, IReadOnlyList<EvidencePoint> Curve)
{
    public static RolloutEvidence None { get; } = new(0, 0, 0, 0, 0, 0, 0, 1, 100, 1, 100, 0, 1, 0, 0, []);
}

/// <summary>A point of the evidence curve, natural logarithms.</summary>
public sealed record EvidencePoint(DateTimeOffset At, long Parts, double LogStop, double LogPromote);

/// <summary>Every transition with the evidence it stood on.</summary>
public sealed record RolloutTransition(DateTimeOffset At, RolloutState From, RolloutState To, string Trigger, string Reason, string By);

/// <param name="Reason">For the audit log; must not be empty.</param>
public sealed record RolloutAction(string By, string Reason);
