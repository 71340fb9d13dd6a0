using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>What one inspection counts in a rollout. Pure.</summary>
/// <param name="Challenger">The new model was in charge; else the previous one.</param>
/// <param name="InCharge">For the arm of the model in charge.</param>
/// <param name="Pair">For <see cref="Arms.Challenger"/>, whoever was in charge; all 0 where only one model saw the frame.</param>
internal readonly record struct InspectionCounts(bool Challenger, ArmCounts InCharge, ArmCounts Pair)
{
    /// <param name="model">Digest of the rollout's model.</param>
    /// <param name="previous">Digest of the model the device had before; null for a first installation.</param>
    /// <returns>Null when the inspection is about neither model.</returns>
    public static InspectionCounts? Of(Inspection inspection, string model, string? previous, CountLimits limits)
    {
        var challenger = inspection.Model.Digest == model;
        if (!challenger && (previous is null || inspection.Model.Digest != previous)) return null;
        if (inspection.Error is not null) return new InspectionCounts(challenger, new ArmCounts([(ArmCounter.Parts, 1), (ArmCounter.Errors, 1)]), default);
        var timed = limits.SlowOver is not null && inspection.LatencyUs is not null;
        var sure = ArmCounts.Fixed(inspection.Confidence);
        var inCharge = new ArmCounts(
        [
            (ArmCounter.Parts, 1), (ArmCounter.Rejects, One(inspection.Reject)), (ArmCounter.Unsure, One(sure < limits.UnsureBelow)), (ArmCounter.Confidence, sure),
            (ArmCounter.Timed, One(timed)), (ArmCounter.Slow, One(timed && inspection.LatencyUs > limits.SlowOver)),
        ]);
        var other = inspection.Shadow;
        if (other is null || other.Model != (challenger ? previous : model)) return new InspectionCounts(challenger, inCharge, default);
        var (mine, its) = ((inspection.Reject, Sure: sure), (other.Reject, Sure: ArmCounts.Fixed(other.Confidence)));
        var (young, old) = challenger ? (mine, its) : (its, mine);
        return new InspectionCounts(challenger, inCharge, new ArmCounts(
        [
            (ArmCounter.Pairs, 1), (ArmCounter.Discordant, One(inspection.Class != other.Class)),
            (ArmCounter.OnlyChallengerRejects, One(young.Reject && !old.Reject)), (ArmCounter.OnlyChampionRejects, One(old.Reject && !young.Reject)),
            (ArmCounter.OnlyChallengerUnsure, One(young.Sure < limits.UnsureBelow && old.Sure >= limits.UnsureBelow)),
            (ArmCounter.OnlyChampionUnsure, One(old.Sure < limits.UnsureBelow && young.Sure >= limits.UnsureBelow)),
            (ArmCounter.BothReject, One(young.Reject && old.Reject)), (ArmCounter.BothUnsure, One(young.Sure < limits.UnsureBelow && old.Sure < limits.UnsureBelow)),
            (ArmCounter.PairedChallengerConfidence, young.Sure), (ArmCounter.PairedChampionConfidence, old.Sure),
        ]));
    }

    private static long One(bool holds) => holds ? 1 : 0;
}
