using System.Runtime.CompilerServices;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// What is counted of a device in an arm of a rollout. Each is a column of <c>rollout_count</c> and <c>rollout_sum</c>, by its name in snake case:
/// one that is added needs a migration, none is ever taken away. Confidences are sums of <see cref="ArmCounts.ConfidenceUnit"/>ths.
/// </summary>
internal enum ArmCounter
{
    /// <summary>Frames inspected by the model in charge; those that gave no prediction; of the others, those that reject the part.</summary>
    Parts, Errors, Rejects,

    /// <summary>Of <see cref="Timed"/>, those over <see cref="CountLimits.SlowOver"/>; of parts without an error, those less sure than <see cref="CountLimits.UnsureBelow"/>.</summary>
    Slow, Unsure,

    /// <summary>Of <see cref="Reports"/>, those with a higher boot than any before: the agent crashed, or was restarted.</summary>
    Restarts,

    /// <summary>Drift windows whose drift could be told, and those of them that raised an alarm which was not there before.</summary>
    Windows, DriftedWindows,

    /// <summary>Frames that both models saw, whichever was in charge, and those of them on which they disagreed.</summary>
    Pairs, Discordant,

    /// <summary>Of the model in charge, over all parts without an error; of both models, over the pairs.</summary>
    Confidence, PairedChallengerConfidence, PairedChampionConfidence,

    /// <summary>Judged discordant frames.</summary>
    ChallengerRight, ChampionRight, NeitherRight,

    /// <summary>Parts that came from another model after the device said that it runs this one.</summary>
    Unlike,

    /// <summary>Parts without an error whose latency could be held against a limit.</summary>
    Timed,

    /// <summary>Health reports.</summary>
    Reports,

    /// <summary>Of the pairs, those that one model alone rejects, or of which one alone is unsure.</summary>
    OnlyChallengerRejects, OnlyChampionRejects, OnlyChallengerUnsure, OnlyChampionUnsure,

    /// <summary>Of the pairs, those that both models reject, or of which both are unsure.</summary>
    BothReject, BothUnsure,
}

/// <summary>
/// Counts of one arm, of a device or summed over many. Sums of whole numbers, so that no order of reports, no restart and no merge changes a bit of them.
/// </summary>
internal struct ArmCounts : IEquatable<ArmCounts>
{
    /// <summary>A confidence of 1 in the stored sums.</summary>
    public const long ConfidenceUnit = 1_000_000;

    public static int Counters { get; } = Enum.GetValues<ArmCounter>().Length;

    private Values _values;

    public ArmCounts(ReadOnlySpan<(ArmCounter Counter, long Count)> counts)
    {
        foreach (var (counter, count) in counts) this[counter] = count;
    }

    public long this[ArmCounter counter]
    {
        readonly get => _values[(int)counter];
        set => _values[(int)counter] = value;
    }

    public readonly bool IsZero => ((ReadOnlySpan<long>)_values).IndexOfAnyExcept(0) < 0;

    public static ArmCounts operator +(ArmCounts a, ArmCounts b)
    {
        for (var i = 0; i < Counters; i++) a._values[i] = checked(a._values[i] + b._values[i]);
        return a;
    }

    /// <summary>What is left of a count without a part of it.</summary>
    public static ArmCounts operator -(ArmCounts whole, ArmCounts part)
    {
        for (var i = 0; i < Counters; i++) whole._values[i] = checked(whole._values[i] - part._values[i]);
        return whole;
    }

    /// <summary>Fixed point of a confidence: what is no number or lies outside 0..1 counts as the nearest that does.</summary>
    public static long Fixed(double confidence) => double.IsFinite(confidence) ? (long)Math.Round(Math.Clamp(confidence, 0, 1) * ConfidenceUnit) : 0;

    public readonly bool Equals(ArmCounts other) => ((ReadOnlySpan<long>)_values).SequenceEqual(other._values);

    public override readonly bool Equals(object? obj) => obj is ArmCounts other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(this[ArmCounter.Parts], this[ArmCounter.Pairs]);

    public override readonly string ToString()
    {
        var counts = this;
        return string.Join(", ", Enum.GetValues<ArmCounter>().Where(counter => counts[counter] != 0).Select(counter => $"{counter} {counts[counter]}"));
    }

    [InlineArray(25)]
    private struct Values
    {
        private long _first;
    }
}

/// <summary>Whose counts they are.</summary>
internal static class Arms
{
    /// <summary>Devices of the rollout while they ran what they had, those that have the payload by now included: without <see cref="Past"/>, the controls.</summary>
    public const int Champion = 0;

    /// <summary>Devices under the rollout's payload; also all pairs and judgements, whichever model was in charge.</summary>
    public const int Challenger = 1;

    /// <summary>What devices under the payload counted as <see cref="Champion"/> before they were told: their own past.</summary>
    public const int Past = 2;

    public const int Count = 3;
}
