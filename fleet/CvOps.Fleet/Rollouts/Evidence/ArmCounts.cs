using System.Runtime.CompilerServices;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// What is counted of a device in an arm of a rollout. Each is a column of <c>rollout_count</c> and <c>rollout_sum</c>, by its name in snake case:
/// one that is added needs a migration, none is ever taken away. Confidences are sums of <see cref="ArmCounts.ConfidenceUnit"/>ths.
/// </summary>
internal enum ArmCounter
{
    Parts, Errors, Rejects, Slow, Unsure, Restarts, Windows, DriftedWindows,

    /// <summary>Frames that both models saw, whichever was in charge, and those of them on which they disagreed.</summary>
    Pairs, Discordant,

    /// <summary>Of the model in charge, over all parts without an error; of both models, over the pairs.</summary>
    Confidence, PairedChallengerConfidence, PairedChampionConfidence,

    /// <summary>Judged discordant frames.</summary>
    ChallengerRight, ChampionRight, NeitherRight,

    /// <summary>Parts that came from another model after the device said that it runs this one.</summary>
    Unlike,
}

/// <summary>
/// Counts of one arm, of a device or summed over many. Sums of whole numbers, so that no order of reports, no restart and no merge changes a bit of them.
/// </summary>
internal struct ArmCounts
{
    /// <summary>A confidence of 1 in the stored sums.</summary>
    public const long ConfidenceUnit = 1_000_000;

    public static int Counters { get; } = Enum.GetValues<ArmCounter>().Length;

    private Values _values;

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

    /// <summary>Fixed point of a confidence: what is no number or lies outside 0..1 counts as the nearest that does.</summary>
    public static long Fixed(double confidence) => double.IsFinite(confidence) ? (long)Math.Round(Math.Clamp(confidence, 0, 1) * ConfidenceUnit) : 0;

    [InlineArray(17)]
    private struct Values
    {
        private long _first;
    }
}

/// <summary>Whose counts they are.</summary>
internal static class Arms
{
    /// <summary>Devices of the rollout that still run what they had, while it runs.</summary>
    public const int Champion = 0;

    /// <summary>Devices under the rollout's payload.</summary>
    public const int Challenger = 1;

    /// <summary>A device's own past, before it was told.</summary>
    public const int Past = 2;

    public const int Count = 3;
}
