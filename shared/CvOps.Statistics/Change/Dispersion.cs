namespace CvOps.Statistics.Change;

/// <summary>
/// How much more neighbouring windows differ than independent frames would: Pearson's statistic of two windows over its degrees of freedom, averaged
/// over pairs. It is the number of frames that say what one independent frame says: 3 where each part is seen three times.
/// Dependence that outlasts a window isn't in it: a shift or a season is a change, and whether it matters is for the size of the effect to say.
/// </summary>
/// <param name="Sum">Of the statistics, old ones fading.</param>
/// <param name="Degrees">Of freedom, the same.</param>
public sealed record Dispersion(double Sum, double Degrees)
{
    private const double Memory = 400;

    // A change lies between two windows once; it may not pass for dependence.
    private const double MostOfAPair = 4;

    /// <summary>Before a window was seen: each part twice, with the weight of three windows.</summary>
    public static Dispersion Unknown { get; } = new(90, 45);

    /// <summary>At least 1.</summary>
    public double Value => Math.Max(1, Sum / Degrees);

    /// <returns>The dispersion after a pair of windows that follow each other; unchanged when it can't tell.</returns>
    public Dispersion Observe(IReadOnlyList<long> before, IReadOnlyList<long> now)
    {
        if (before.Count != now.Count) return this;
        double n = before.Sum(), m = now.Sum(), both = n + m;
        if (n == 0 || m == 0 || both < 3) return this;
        var (statistic, degrees) = (0.0, -1);
        for (var i = 0; i < now.Count; i++)
        {
            double column = before[i] + now[i];
            if (column == 0) continue;
            degrees++;
            var off = before[i] - (column * n / both);
            statistic += off * off * both * both / (column * n * m);
        }

        if (degrees < 1) return this;
        // Over all ways to part the frames in two the statistic is N / (N - 1) of its degrees on average.
        statistic = Math.Min(statistic * (both - 1) / both, MostOfAPair * Value * degrees);
        var fade = Math.Min(1, (Memory - degrees) / Degrees);
        return fade <= 0 ? this : new Dispersion((Sum * fade) + statistic, (Degrees * fade) + degrees);
    }
}
