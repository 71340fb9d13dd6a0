namespace CvOps.Contracts.Api;

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
