namespace CvOps.Contracts.Api;

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
