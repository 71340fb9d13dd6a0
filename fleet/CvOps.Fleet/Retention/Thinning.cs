using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CvOps.Fleet.Retention;

/// <summary>A pass that made room among the frames that wait.</summary>
/// <param name="At">When; frames stored before it took part.</param>
/// <param name="Threshold">Highest priority of a frame that went.</param>
internal readonly record struct ThinningPass(DateTimeOffset At, double Threshold);

/// <summary>
/// Which frames go when too many wait, so that what stays still stands for all of them. Each frame has a priority w / u: what its label is worth over a number in (0, 1] drawn from its id, the same at
/// every pass. The lowest go. That is priority sampling (Duffield, Lund and Thorup 2007, "Priority sampling for estimation of arbitrary subset sums"): a frame is still here with probability
/// min(1, w / t) for the highest priority t that went, so one kept with probability p by its device and by this fleet is one of 1 / (p min(1, w / t)), and estimates over frames stay unbiased. A plain
/// "the least valuable go" would leave only hard frames and call the model worse than it is. Pure.
/// </summary>
internal static class Thinning
{
    /// <summary>A frame of which a model was entirely sure is worth something, too: to stand for its like.</summary>
    public const double LeastWorth = 0.02;

    public static double Priority(string frame, double worth) => Math.Max(worth, LeastWorth) / Lot(frame);

    /// <summary>How many have to go, and above which priority the others stay.</summary>
    /// <param name="priorities">Of the frames that take part; put in another order.</param>
    /// <param name="keep">How many stay.</param>
    /// <returns>Null when none has to go.</returns>
    public static double? Threshold(double[] priorities, int keep)
    {
        if (priorities.Length <= keep) return null;
        Array.Sort(priorities);
        return priorities[priorities.Length - keep - 1];
    }

    /// <summary>Probability with which a frame is still here, (0, 1]: that of the hardest pass it went through. With its label a frame takes part in no more.</summary>
    /// <param name="labelledAt">Null while it waits.</param>
    public static double Survival(double worth, DateTimeOffset storedAt, DateTimeOffset? labelledAt, IReadOnlyList<ThinningPass> passes)
    {
        var hardest = 0.0;
        foreach (var pass in passes)
            if (pass.At > storedAt && (labelledAt is not { } ended || pass.At <= ended)) hardest = Math.Max(hardest, pass.Threshold);
        return hardest > 0 ? Math.Min(1, Math.Max(worth, LeastWorth) / hardest) : 1;
    }

    // Whoever names frames does not choose their lot: it is a hash of the name.
    private static double Lot(string frame) =>
        ((BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(frame))) >> 11) + 1) / (double)(1L << 53);
}
