using CvOps.Contracts;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>What one batch of a device's inspections says of one rollout: all that its grain needs, and no more crosses to it.</summary>
[GenerateSerializer, Immutable]
internal sealed record RolloutTally([property: Id(0)] DeviceId Device, [property: Id(1)] IReadOnlyList<TallyMark> Marks)
{
    /// <summary>Takes from a batch what concerns the rollout of <paramref name="model"/>; null when nothing does.</summary>
    /// <param name="previous">Digest of the model the device had before; null for a first installation.</param>
    public static RolloutTally? Of(DeviceId device, IReadOnlyList<Inspection> inspections, string model, string? previous)
    {
        List<TallyMark>? marks = null;
        foreach (var inspection in inspections)
        {
            var mine = inspection.Model.Digest == model;
            var pair = previous is not null && inspection.Error is null && inspection.Shadow is { } shadow
                && (mine ? shadow.Model == previous : inspection.Model.Digest == previous && shadow.Model == model);
            if (!mine && !pair) continue;
            var charge = (inspection.Class, inspection.Confidence);
            var trial = (inspection.Shadow?.Class, Confidence: inspection.Shadow?.Confidence ?? 0);
            var (challenger, champion) = mine ? (charge, trial) : (trial, charge);
            (marks ??= []).Add(new TallyMark(inspection.Origin.Boot, inspection.Origin.Sequence, mine, inspection.Error is not null, pair,
                pair && challenger.Class != champion.Class, challenger.Confidence, pair ? champion.Confidence : 0));
        }
        return marks is null ? null : new RolloutTally(device, marks);
    }
}

/// <param name="Part">The new model was in charge.</param>
/// <param name="Pair">Both models saw the frame, whichever was in charge.</param>
[GenerateSerializer, Immutable]
internal readonly record struct TallyMark(
    [property: Id(0)] long Boot, [property: Id(1)] long Sequence, [property: Id(2)] bool Part, [property: Id(3)] bool Error, [property: Id(4)] bool Pair,
    [property: Id(5)] bool Discordant, [property: Id(6)] double ChallengerConfidence, [property: Id(7)] double ChampionConfidence);
