using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>What the challenger of a replay does with a part that the champion inspected.</summary>
/// <param name="BadRate">Share of parts that it gives no prediction for, beside those of the champion.</param>
/// <param name="RejectRate">Share of parts that it rejects, beside those of the champion.</param>
/// <param name="Recorded">What was recorded of it is taken, in shadow or in charge; elsewhere it does what the champion did.</param>
internal sealed record FlightChallenger(double BadRate, double RejectRate, bool Recorded)
{
    public static FlightChallenger Champion { get; } = new(0, 0, false);
}

/// <summary>A step of a device as a rollout would have counted it.</summary>
/// <param name="Old">With the champion in charge; drift is whoever's is in charge.</param>
/// <param name="Young">With the challenger in charge.</param>
/// <param name="Pairs">For the challenger, where both see the frames.</param>
/// <param name="Health">What names no model: health reports and restarts.</param>
internal readonly record struct FlightArms(ArmCounts Old, ArmCounts Young, ArmCounts Pairs, ArmCounts Health)
{
    /// <param name="chance">Which parts the challenger fails on, or rejects, where that is asked for.</param>
    public static FlightArms Of(in FlightCounts counts, FlightChallenger challenger, Random chance)
    {
        var old = View(counts, FlightCounter.OldErrors);
        var young = challenger.Recorded ? View(counts, FlightCounter.YoungErrors) : old;
        var pairs = challenger.Recorded ? Both(counts) : Self(old);
        if (challenger.RejectRate > 0) Reject(ref young, ref pairs, challenger.RejectRate, chance);
        if (challenger.BadRate > 0) Fail(ref young, ref pairs, challenger.BadRate, chance);
        return new FlightArms(old, young, pairs, new ArmCounts([(ArmCounter.Reports, counts[FlightCounter.Reports]), (ArmCounter.Restarts, counts[FlightCounter.Restarts])]));
    }

    private static ArmCounts View(in FlightCounts counts, FlightCounter errors) => new(
    [
        (ArmCounter.Parts, counts[FlightCounter.Parts]), (ArmCounter.Errors, counts[errors]), (ArmCounter.Rejects, counts[errors + 1]), (ArmCounter.Unsure, counts[errors + 2]),
        (ArmCounter.Timed, counts[errors + 3]), (ArmCounter.Slow, counts[errors + 4]), (ArmCounter.Confidence, counts[errors + 5]),
        (ArmCounter.Windows, counts[FlightCounter.Windows]), (ArmCounter.DriftedWindows, counts[FlightCounter.DriftedWindows]),
    ]);

    private static ArmCounts Both(in FlightCounts counts) => new(
    [
        (ArmCounter.Pairs, counts[FlightCounter.Pairs]), (ArmCounter.Discordant, counts[FlightCounter.Discordant]),
        (ArmCounter.BothReject, counts[FlightCounter.BothReject]), (ArmCounter.OnlyChallengerRejects, counts[FlightCounter.OnlyYoungRejects]), (ArmCounter.OnlyChampionRejects, counts[FlightCounter.OnlyOldRejects]),
        (ArmCounter.BothUnsure, counts[FlightCounter.BothUnsure]), (ArmCounter.OnlyChallengerUnsure, counts[FlightCounter.OnlyYoungUnsure]), (ArmCounter.OnlyChampionUnsure, counts[FlightCounter.OnlyOldUnsure]),
        (ArmCounter.PairedChallengerConfidence, counts[FlightCounter.PairedYoung]), (ArmCounter.PairedChampionConfidence, counts[FlightCounter.PairedOld]),
    ]);

    /// <summary>Every frame seen by two models that say the same.</summary>
    private static ArmCounts Self(in ArmCounts one) => new(
    [
        (ArmCounter.Pairs, one[ArmCounter.Parts] - one[ArmCounter.Errors]), (ArmCounter.BothReject, one[ArmCounter.Rejects]), (ArmCounter.BothUnsure, one[ArmCounter.Unsure]),
        (ArmCounter.PairedChallengerConfidence, one[ArmCounter.Confidence]), (ArmCounter.PairedChampionConfidence, one[ArmCounter.Confidence]),
    ]);

    private static void Reject(ref ArmCounts young, ref ArmCounts pairs, double rate, Random chance)
    {
        var passed = young[ArmCounter.Parts] - young[ArmCounter.Errors] - young[ArmCounter.Rejects];
        var rejected = Draws(passed, rate, chance);
        young[ArmCounter.Rejects] += rejected;
        // Of those that both saw, as many as their share; they are of another class than the champion's.
        var seen = Math.Min(rejected, pairs[ArmCounter.Pairs] - pairs[ArmCounter.BothReject] - pairs[ArmCounter.OnlyChallengerRejects] - pairs[ArmCounter.OnlyChampionRejects]);
        pairs[ArmCounter.OnlyChallengerRejects] += seen;
        pairs[ArmCounter.Discordant] = Math.Min(pairs[ArmCounter.Pairs], pairs[ArmCounter.Discordant] + seen);
    }

    /// <summary>Parts without an error become errors; whatever they were counted as goes with them, drawn without replacement.</summary>
    private static void Fail(ref ArmCounts young, ref ArmCounts pairs, double rate, Random chance)
    {
        var answered = young[ArmCounter.Parts] - young[ArmCounter.Errors];
        var failed = Draws(answered, rate, chance);
        if (failed == 0) return;
        young[ArmCounter.Errors] += failed;
        Thin(ref young, [ArmCounter.Rejects, ArmCounter.Unsure, ArmCounter.Timed, ArmCounter.Slow], ArmCounter.Confidence, null, failed, answered, chance);
        young[ArmCounter.Slow] = Math.Min(young[ArmCounter.Slow], young[ArmCounter.Timed]);
        var seen = pairs[ArmCounter.Pairs];
        var unseen = Among(failed, seen, answered, chance);
        if (unseen == 0) return;
        pairs[ArmCounter.Pairs] -= unseen;
        Thin(ref pairs, [ArmCounter.Discordant, ArmCounter.BothReject, ArmCounter.OnlyChallengerRejects, ArmCounter.OnlyChampionRejects, ArmCounter.BothUnsure, ArmCounter.OnlyChallengerUnsure, ArmCounter.OnlyChampionUnsure],
            ArmCounter.PairedChallengerConfidence, ArmCounter.PairedChampionConfidence, unseen, seen, chance);
        pairs[ArmCounter.Discordant] = Math.Min(pairs[ArmCounter.Discordant], pairs[ArmCounter.Pairs]);
    }

    private static void Thin(ref ArmCounts counts, ReadOnlySpan<ArmCounter> events, ArmCounter sum, ArmCounter? other, long gone, long all, Random chance)
    {
        foreach (var counter in events) counts[counter] -= Among(gone, counts[counter], all, chance);
        counts[sum] -= (long)((Int128)counts[sum] * gone / all);
        if (other is { } second) counts[second] -= (long)((Int128)counts[second] * gone / all);
    }

    /// <summary>Successes of so many independent draws.</summary>
    private static long Draws(long trials, double rate, Random chance)
    {
        var hits = 0L;
        for (var i = 0L; i < trials; i++)
            if (chance.NextDouble() < rate) hits++;
        return hits;
    }

    /// <summary>How many of <paramref name="drawn"/> without replacement out of <paramref name="all"/> are among the <paramref name="marked"/>.</summary>
    private static long Among(long drawn, long marked, long all, Random chance)
    {
        var hits = 0L;
        for (var i = 0L; i < drawn && marked > hits && all > i; i++)
            if (chance.NextDouble() * (all - i) < marked - hits) hits++;
        return hits;
    }
}
