using System.Numerics;

namespace CvOps.Statistics.Change;

/// <summary>
/// Has the distribution changed, asked at every window for years: the Shiryaev-Roberts e-detector of Shin, Ramdas and Rinaldo ("E-detectors: a
/// nonparametric framework for sequential change detection", 2022) over the bets of <see cref="ChangeBets"/>. Each window every bet gets a new stake and
/// is then multiplied by its ratio. The stake is the part of a year that the window covers, so that without a change the mean of all
/// is at most the years watched, and by Doob's inequality P(it reaches c within y years) is at most y / c, however often one looks, for any
/// length of windows: an alarm at c is false less than once in c years. Capped, which only lowers it, so that it comes down again.
/// </summary>
public static class ChangeDetector
{
    /// <summary>Largest evidence, in years.</summary>
    public const double Most = 1e9;

    /// <summary>A window covers at least and at most this much of the watch, whatever its clock says: one set back stands still, one that jumps ahead gains an hour.</summary>
    public static readonly TimeSpan LeastStep = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan GreatestStep = TimeSpan.FromHours(1);

    private static readonly TimeSpan Year = TimeSpan.FromDays(365.25);

    /// <summary>What is left of e^710, the largest double.</summary>
    private const double LargestLog = 600;

    /// <returns>The state after one more window; counts of nothing change nothing.</returns>
    /// <param name="cache">Of bets; the caller's, kept from window to window.</param>
    /// <param name="reference">Counts of the reference, in the bins of <paramref name="counts"/>. Another reference than the state's begins anew.</param>
    /// <param name="ordered">Whether neighbouring bins are alike (a histogram) or not (classes).</param>
    /// <param name="state">Null before the first window.</param>
    /// <param name="counts">Of the window alone.</param>
    /// <param name="from">Its first frame.</param>
    /// <param name="to">Its last frame.</param>
    public static ChangeState Observe(
        ChangeBetsCache cache, IReadOnlyList<long> reference, bool ordered, ChangeState? state, IReadOnlyList<long> counts, DateTimeOffset from, DateTimeOffset to)
    {
        var dispersion = state?.Spread ?? Dispersion.Unknown;
        if (counts.Sum() == 0) return state ?? ChangeState.Fresh(reference, 0, dispersion);
        var bets = cache.Get(reference, ordered, dispersion.Value);
        if (state is null || !state.IsAgainst(reference) || state.Stakes.Length != bets.Count)
            state = ChangeState.Fresh(reference, bets.Count, dispersion) with { Last = state?.Last.Length == counts.Count ? state.Last : [], To = state?.To };

        Span<double> ratios = stackalloc double[bets.Count];
        bets.LogRatios(counts, ratios);
        foreach (ref var ratio in ratios) ratio = Math.Exp(Math.Min(ratio, LargestLog));
        var (stakes, runs, since) = (state.Stakes.ToArray(), state.Runs.ToArray(), state.Since.ToArray());
        Step(stakes, ratios, YearsOf(state.To is { } before ? to - before : to - from));
        for (var k = 0; k < runs.Length; k++)
        {
            // The likeliest beginning of a change is where the product of ratios was last at its least (Page 1954).
            if (runs[k] <= 1) (runs[k], since[k]) = (1, from);
            runs[k] = Math.Min(runs[k] * ratios[k], Most);
        }

        return state with { Stakes = stakes, Runs = runs, Since = since, Spread = state.Last.Length > 0 ? dispersion.Observe(state.Last, counts) : dispersion, Last = [.. counts], To = to };
    }

    /// <summary>One window of the recursion M = min((M + years) e, <see cref="Most"/>), for every bet.</summary>
    /// <param name="stakes">Replaced.</param>
    /// <param name="ratios">As many, not negative.</param>
    /// <param name="years">Part of a year that the window covers.</param>
    public static void Step(Span<double> stakes, ReadOnlySpan<double> ratios, double years)
    {
        var k = 0;
        for (; k <= stakes.Length - Vector<double>.Count; k += Vector<double>.Count)
        {
            var next = (new Vector<double>(stakes[k..]) + new Vector<double>(years)) * new Vector<double>(ratios[k..]);
            Vector.Min(next, new Vector<double>(Most)).CopyTo(stakes[k..]);
        }

        for (; k < stakes.Length; k++) stakes[k] = Math.Min((stakes[k] + years) * ratios[k], Most);
    }

    /// <summary>Part of a year that a window stands for.</summary>
    public static double YearsOf(TimeSpan step) => (step < LeastStep ? LeastStep : step > GreatestStep ? GreatestStep : step) / Year;
}
