namespace CvOps.Contracts.Api;

/// <summary>What the rollout knows so far. Pairs are frames that both the new and the previous model saw.</summary>
/// <param name="ChallengerRight">Of the judged discordant frames, those where only the new model was right.</param>
/// <param name="ChampionRight">Those where only the previous model was right.</param>
/// <param name="NeitherRight">Those where both were wrong.</param>
/// <param name="StopEvidence">E-value against "the new model is no worse"; the rollout stops at <paramref name="StopAt"/>.</param>
/// <param name="PromoteEvidence">E-value against "the new model is worse by the margin or more"; needed to advance: <paramref name="PromoteAt"/>.</param>
/// <param name="ErrorEvidence">E-value against "the error rate is normal"; stops at <see cref="GuardAt"/>.</param>
public sealed record RolloutEvidence(
    long Parts, long Pairs, long Discordant, long Judged, long ChallengerRight, long ChampionRight, long NeitherRight,
    double StopEvidence, double StopAt, double PromoteEvidence, double PromoteAt,
    long Errors, double ErrorEvidence, double ChampionConfidence, double ChallengerConfidence, IReadOnlyList<EvidencePoint> Curve)
{
    /// <summary>Evidence at which a metric stops the rollout: half of the risk is the judged frames', which cost a person, and the metrics share the other half.</summary>
    public double GuardAt { get; set; } = 100;

    /// <summary>Parts seen under the previous model: by devices that ran it while the rollout did, or on the same frames, whichever is more.</summary>
    public long Controls { get; set; }

    /// <summary>E-value against "the models disagree on no more frames than they may"; pauses in shadow at <see cref="PauseAt"/>.</summary>
    public double DisagreementEvidence { get; set; } = 1;

    /// <summary>E-value against "they disagree on as many frames as they may, or more": lets a shadow stage pass without a label at <see cref="PromoteAt"/>.</summary>
    public double AgreementEvidence { get; set; } = 1;

    /// <summary>Evidence at which a shift pauses the rollout.</summary>
    public double PauseAt { get; set; } = 100;

    /// <summary>The new model's mean confidence less the previous one's, over the pairs: an interval that holds at every look, but for the plan's risk of a false stop.</summary>
    public double ConfidenceShiftLow { get; set; } = -1;

    public double ConfidenceShiftHigh { get; set; } = 1;

    /// <summary>Every metric that is watched, and how.</summary>
    public IReadOnlyList<GuardEvidence> Guards { get; set; } = [];

    public static RolloutEvidence None { get; } = new(0, 0, 0, 0, 0, 0, 0, 1, 100, 1, 100, 0, 1, 0, 0, []);
}

/// <summary>A point of the evidence curve, natural logarithms.</summary>
public sealed record EvidencePoint(DateTimeOffset At, long Parts, double LogStop, double LogPromote);

/// <summary>More: more than the guard's ratio. Higher and Lower: more than its shift.</summary>
public enum GuardTest { More, Higher, Lower }

/// <summary>What a metric was compared with. Pairs: the same frames. Controls: devices on the previous model. Past: the devices' own. Both: the last two, and both say so.</summary>
public enum GuardComparison { None, Pairs, Controls, Past, Both }

/// <summary>What one test of one metric has shown so far.</summary>
/// <param name="Evidence">E-value against "no more than the plan allows"; <paramref name="Then"/> is done at <paramref name="At"/>.</param>
/// <param name="Group">Where alone it shows, such as <c>line 4</c>; null where it shows over all.</param>
/// <param name="Against">What the rates are of; None while there is too little to compare with.</param>
/// <param name="ChallengerRate">Of the new model, 0..1; there, as far as <paramref name="Group"/> says where.</param>
/// <param name="ChampionRate">Of the previous one.</param>
public sealed record GuardEvidence(
    RolloutMetric Metric, GuardTest Test, GuardAction Then, double Evidence, double At, string? Group, GuardComparison Against, double ChallengerRate, double ChampionRate)
{
    /// <summary>The interval that <see cref="ChallengerRate"/> lies in, holding at every look but for the plan's risk of a false stop.</summary>
    public double ChallengerLow { get; set; }

    public double ChallengerHigh { get; set; } = 1;
}
