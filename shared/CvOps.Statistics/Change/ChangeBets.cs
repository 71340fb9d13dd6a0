namespace CvOps.Statistics.Change;

/// <summary>
/// Bets that the shares of the bins are no longer the reference's. Each bet is a rival distribution q; a frame in bin b multiplies its stake by
/// q_b / p_b, which on average is 1 while the reference p is true (Shafer and Vovk 2019; Grunwald, de Heide and Koolen 2024). Only counts matter.
/// </summary>
/// <remarks>
/// <para>p is known from finitely many frames only. With Jeffreys' prior its posterior is Dirichlet, and the right denominator for t frames is the
/// Dirichlet-multinomial: sum over bins F(h_b; m_b) - F(t; M) dearer than with p known, F(h; m) = ln Gamma(m + h) - ln Gamma(m) - h ln m. That is convex in t, so
/// the chord to the t at which the bet would reach the limit lies above it: that chord is taken off each frame, so that a bet stays a product
/// over frames. A bet whose loss on the reference is not clear of six standard errors of the reference pays until it is; one that could not
/// grow then stakes nothing, for the reference can't tell so little. So a baseline of 500 frames sees half a standard deviation, not a quarter.</para>
/// <para>Frames that look alike are no independent witnesses: with <c>dispersion</c> g, stakes and reference count as many frames as a g-th part. For
/// frames that depend on each other only within groups of g that makes a fair bet of g fair bets (Hoelder's inequality).</para>
/// </remarks>
public sealed class ChangeBets
{
    /// <summary>Natural logarithm of the growth that an alarm takes, about: a second's stake of a year, twelve covariates, a thousand cameras.</summary>
    private const double DesignNats = 25;

    private const double ReferenceErrors = 6;

    /// <summary>Share of the reference in every bet: bounds what one odd frame can cost it.</summary>
    private const double Reserve = 0.05;

    private static readonly double[] Shifts = [0.25, 0.5, 1, 2];
    private static readonly double[] Spreads = [0.5, 2];
    private static readonly double[] Gains = [0.2, 0.6];

    private readonly double[][] _logs;

    private ChangeBets(IReadOnlyList<long> reference, double dispersion, Func<double[], IEnumerable<double[]>> rivals)
    {
        if (!(dispersion >= 1)) throw new ArgumentOutOfRangeException(nameof(dispersion), dispersion, "Frames can't say more than independent ones: the dispersion is at least 1.");
        if (reference.Any(count => count < 0)) throw new ArgumentException("A count of the reference is below 0.", nameof(reference));
        Bins = reference.Count;
        var total = reference.Sum();
        if (total == 0 || Bins < 2)
        {
            _logs = [];
            return;
        }

        // Jeffreys' half a frame in each bin.
        double[] known = [.. reference.Select(count => ((count / dispersion) + 0.5))];
        double[] p = [.. known.Select(m => m / known.Sum())];
        _logs = [.. rivals(p).Select(q => Price([.. q.Zip(p, (a, b) => ((1 - Reserve) * a) + (Reserve * b))], p, known))];
        foreach (var log in _logs)
            for (var b = 0; b < Bins; b++) log[b] /= dispersion;
    }

    public int Bins { get; }

    /// <summary>How many there are; 0 against a reference that counted nothing, or has one bin.</summary>
    public int Count => _logs.Length;

    /// <summary>Bets for bins in order: that values moved up or down by 1/4, 1/2, 1 or 2 standard deviations, or spread to half or twice, on the scale on which the reference is normal.</summary>
    public static ChangeBets OnOrder(IReadOnlyList<long> reference, double dispersion = 1) => new(reference, dispersion, p =>
    {
        var edges = new double[p.Length + 1];
        (edges[0], edges[^1]) = (double.NegativeInfinity, double.PositiveInfinity);
        var below = 0.0;
        for (var b = 1; b < p.Length; b++) edges[b] = Special.NormalQuantile(Math.Clamp(below += p[b - 1], 1e-12, 1 - 1e-12));

        double[] Rival(Func<double, double> standard)
        {
            double[] cumulated = [.. edges.Select(edge => Below(standard(edge)))];
            return [.. cumulated.Skip(1).Zip(cumulated, (high, low) => Math.Max(0, high - low))];
        }


        return [.. Shifts.SelectMany(shift => new[] { Rival(z => z - shift), Rival(z => z + shift) }), .. Spreads.Select(spread => Rival(z => z / spread))];
    });

    /// <summary>Bets for bins without order: that one of them gained a fifth or three fifths of all, or that a large one lost half.</summary>
    public static ChangeBets OnClasses(IReadOnlyList<long> reference, double dispersion = 1) => new(reference, dispersion, p =>
    [
        .. Gains.SelectMany(gain => p.Select((_, to) => p.Select((share, b) => ((1 - gain) * share) + (b == to ? gain : 0)).ToArray())),
        .. Enumerable.Range(0, p.Length).Where(b => p[b] >= 0.2).Select(from => p.Select((share, b) => b == from ? share / 2 : share * (1 - (p[from] / 2)) / (1 - p[from])).ToArray()),
    ]);

    /// <summary>By what a window of counts multiplies each bet, as natural logarithms.</summary>
    /// <param name="counts">As many as bins.</param>
    /// <param name="logs">Filled; as many as bets.</param>
    public void LogRatios(IReadOnlyList<long> counts, Span<double> logs)
    {
        if (counts.Count != Bins) throw new ArgumentException($"{counts.Count} bins cannot be held against {Bins}.", nameof(counts));
        for (var k = 0; k < _logs.Length; k++)
        {
            var sum = 0.0;
            for (var b = 0; b < Bins; b++) sum += counts[b] * _logs[k][b];
            logs[k] = sum;
        }
    }

    private static double Below(double z) => double.IsInfinity(z) ? (z > 0 ? 1 : 0) : 1 - Special.NormalUpper(z);

    /// <returns>ln of the ratio by bin, what the reference does not know taken off; zeros for a bet that can't grow.</returns>
    private static double[] Price(double[] q, double[] p, double[] known)
    {
        double[] logs = [.. q.Zip(p, (a, b) => Math.Log(a / b))];
        var (growth, loss) = (Sum(q, logs), -Sum(p, logs));
        if (growth <= 0) return new double[q.Length];
        var (run, total) = (DesignNats / growth, known.Sum());
        for (var b = 0; b < logs.Length; b++) logs[b] -= (Dearer(run * q[b], known[b]) / (run * q[b])) - (Dearer(run, total) / run);

        // What the error of the reference could make of the loss, a run of any length.
        var error = Math.Sqrt(Math.Max(0, Sum(p, [.. logs.Select(log => log * log)]) - (loss * loss)) / total);
        var missing = Math.Max(0, (ReferenceErrors * error) + Sum(p, logs));
        for (var b = 0; b < logs.Length; b++) logs[b] -= missing;
        return Sum(q, logs) > 0.1 * growth ? logs : new double[q.Length];
    }

    private static double Dearer(double frames, double known) => Special.LogGamma(known + frames) - Special.LogGamma(known) - (frames * Math.Log(known));

    private static double Sum(double[] shares, double[] values) => shares.Zip(values, (share, value) => share * value).Sum();
}
