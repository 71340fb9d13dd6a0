using System.Text.Json.Serialization;

namespace CvOps.Contracts.Api;

/// <summary>
/// When a rollout stops or pauses. Every probability is over the whole rollout: all rings, all metrics and comparisons, with a look after every report.
/// The new model is compared with the previous one on the same frames, with the devices that still run the previous one, and with its devices' own past.
/// </summary>
public sealed record Guardrails
{
    /// <summary>Largest risk of stopping a model that is no worse, (0, 0.5); and of pausing for a shift that is none.</summary>
    public double FalseStopRisk { get; set; } = 0.01;

    /// <summary>Largest risk of promoting a model that is worse by more than <see cref="NonInferiorityMargin"/>, (0, 0.5).</summary>
    public double FalsePromotionRisk { get; set; } = 0.01;

    /// <summary>Loss of accuracy that is still acceptable, 0..1.</summary>
    public double NonInferiorityMargin { get; set; } = 0.02;

    /// <summary>Share of failed inferences that is still normal, (0, 0.5).</summary>
    public double ErrorRate { get; set; } = 0.001;

    /// <summary>Devices of one ring that may fail to update before the rollout stops.</summary>
    public int FailedUpdates { get; init; }

    /// <summary>Share of frames on which the models may say different things in shadow before a person has to judge, (0, 0.5].</summary>
    public double Disagreement { get; set; } = 0.2;

    /// <summary>Parts that must have been seen under the previous model, on any side, before a ring may pass: with fewer there is nothing to compare with. 0: none.</summary>
    public long Controls { get; set; } = 100;

    /// <summary>Inferences that failed.</summary>
    public MetricGuard Errors { get; set; } = new();

    /// <summary>
    /// Frames whose work takes longer than work and waiting did for all but one in a hundred on the device before the rollout. Ten times as many is one
    /// in ten: the load of the comparison itself may add a few.
    /// </summary>
    public MetricGuard Latency { get; set; } = new(10);

    /// <summary>Parts rejected. More may be right, so a shift pauses and only far more stops.</summary>
    public MetricGuard Rejects { get; set; } = new(Shift: 1.25);

    /// <summary>Parts the model is unsure of. Never stops: a model may be sure and wrong.</summary>
    public MetricGuard Confidence { get; set; } = new(Then: GuardAction.Ignore, Shift: 1.5);

    /// <summary>Drift windows that raise an alarm.</summary>
    public MetricGuard Drift { get; set; } = new(Then: GuardAction.Pause);

    /// <summary>Restarts of the agent.</summary>
    public MetricGuard Crashes { get; set; } = new();

    /// <summary>Every metric with what is watched of it.</summary>
    [JsonIgnore]
    public IReadOnlyList<(RolloutMetric Metric, MetricGuard Guard)> Metrics =>
    [
        (RolloutMetric.Errors, Errors), (RolloutMetric.Latency, Latency), (RolloutMetric.Rejects, Rejects), (RolloutMetric.Confidence, Confidence),
        (RolloutMetric.Drift, Drift), (RolloutMetric.Crashes, Crashes),
    ];
}

/// <summary>What is watched of one metric.</summary>
/// <param name="Ratio">Its rate may be this many times the previous model's, 1..100; <paramref name="Then"/> is done once it is certain that it is more.</param>
/// <param name="Shift">
/// The rollout pauses for judgement once it is certain that the rate is more than so many times higher or lower, above 1 to 100, and judged frames have not
/// shown that the new model is no worse; null: a shift is nobody's business.
/// </param>
public sealed record MetricGuard(double Ratio = 2, GuardAction Then = GuardAction.Stop, double? Shift = null);

public enum GuardAction { Stop, Pause, Ignore }

/// <summary>Stored and sent by name; only ever added to.</summary>
public enum RolloutMetric { Errors, Latency, Rejects, Confidence, Drift, Crashes }
