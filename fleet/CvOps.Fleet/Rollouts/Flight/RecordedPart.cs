using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>One recorded inspection, as the table has it.</summary>
/// <param name="Rejects">Null in rows of before this was recorded; so for the others.</param>
internal readonly record struct RecordedPart(
    string Model, string? Class, double Confidence, string? Error, long? Rejects, long? LatencyUs, string? ShadowModel, string? ShadowClass, long? ShadowRejects, double? ShadowConfidence)
{
    /// <summary>What the part counts in a replay. Pure.</summary>
    /// <param name="challenger">Digest of the plan's model; null for a configuration.</param>
    /// <param name="slowOver">As a rollout begun now would freeze it for the device (<see cref="CountLimits"/>); null where nothing is known.</param>
    /// <param name="seen">What of it was recorded; added to.</param>
    public FlightCounts Count(string? challenger, long? slowOver, FlightSeen seen)
    {
        seen.Parts++;
        if (Rejects is not null) seen.Rejects++;
        if (LatencyUs is not null && slowOver is not null) seen.Timed++;
        var main = new View(Error is not null, Class, ArmCounts.Fixed(Confidence), Rejects == 1, slowOver is null ? null : LatencyUs is { } took ? took > slowOver : null);
        var (old, young) = (main, main);
        if (challenger is not null && Model == challenger)
        {
            seen.InCharge++;
            // What the champion would have said is known where it went on beside.
            if (ShadowModel is not null && Error is null) old = Other(main);
        }
        else if (challenger is not null && ShadowModel == challenger && Error is null)
        {
            seen.Shadowed++;
            young = Other(main);
        }
        return Of(old, young);
    }

    // The shadow's own time was never recorded; a row of before its confidence was has the other's.
    private View Other(View main) => new(false, ShadowClass, ShadowConfidence is { } sure ? ArmCounts.Fixed(sure) : main.Sure, ShadowRejects is { } rejects ? rejects == 1 : main.Rejects, main.Slow);

    private static FlightCounts Of(View old, View young)
    {
        var counts = default(FlightCounts);
        counts[FlightCounter.Parts] = 1;
        Add(ref counts, old, FlightCounter.OldErrors);
        Add(ref counts, young, FlightCounter.YoungErrors);
        if (old.Error || young.Error) return counts;
        counts[FlightCounter.Pairs] = 1;
        counts[FlightCounter.Discordant] = old.Class != young.Class ? 1 : 0;
        (counts[FlightCounter.PairedOld], counts[FlightCounter.PairedYoung]) = (old.Sure, young.Sure);
        if (old.Rejects || young.Rejects) counts[old.Rejects && young.Rejects ? FlightCounter.BothReject : young.Rejects ? FlightCounter.OnlyYoungRejects : FlightCounter.OnlyOldRejects] = 1;
        if (old.Unsure || young.Unsure) counts[old.Unsure && young.Unsure ? FlightCounter.BothUnsure : young.Unsure ? FlightCounter.OnlyYoungUnsure : FlightCounter.OnlyOldUnsure] = 1;
        return counts;
    }

    /// <param name="first">Its errors; the others follow in their order.</param>
    private static void Add(ref FlightCounts counts, View view, FlightCounter first)
    {
        if (view.Error)
        {
            counts[first] = 1;
            return;
        }
        counts[first + 1] = view.Rejects ? 1 : 0;
        counts[first + 2] = view.Unsure ? 1 : 0;
        counts[first + 3] = view.Slow is null ? 0 : 1;
        counts[first + 4] = view.Slow == true ? 1 : 0;
        counts[first + 5] = view.Sure;
    }

    private readonly record struct View(bool Error, string? Class, long Sure, bool Rejects, bool? Slow)
    {
        public bool Unsure => Sure < CountLimits.Half;
    }
}
