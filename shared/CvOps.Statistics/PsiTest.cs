namespace CvOps.Statistics;

/// <summary>
/// Whether a population stability index is more than chance. Under equal distributions PSI / (1/n + 1/m) is asymptotically chi-square with
/// B - 1 degrees of freedom (Yurdakul and Naranjo, "Statistical properties of the population stability index", 2018/2020), so the usual limits
/// 0.1 and 0.25 mean nothing without n, m and B. Holds for expected counts of about 5 a bin, and for frames that depend on each other when the
/// dispersion says how much (Rao and Scott 1981): then index and counts mean as many frames as a part of theirs.
/// </summary>
/// <param name="Psi">The index.</param>
/// <param name="Degrees">Bins that either side filled, less one.</param>
/// <param name="PValue">Probability of an index at least this large without drift; 1 when either side counted nothing, so that no data is no alarm.</param>
/// <param name="Beyond">The index less what chance gives on average, at least 0: one limit on it holds for few frames and for many.</param>
public sealed record PsiTest(double Psi, int Degrees, double PValue, double Beyond)
{
    /// <param name="reference">Counts, not negative.</param>
    /// <param name="current">As many.</param>
    /// <param name="epsilon">Least share of a bin.</param>
    /// <param name="dispersion">Frames that say what one independent frame says, at least 1.</param>
    public static PsiTest Run(IReadOnlyList<long> reference, IReadOnlyList<long> current, double epsilon = Distances.PsiEpsilon, double dispersion = 1)
    {
        var psi = Distances.Psi(reference, current, epsilon);
        var (n, m) = ((double)reference.Sum(), (double)current.Sum());
        if (n == 0 || m == 0) return new PsiTest(0, 0, 1, 0);
        var filled = reference.Zip(current).Count(pair => pair.First + pair.Second > 0);
        var each = dispersion * ((1 / n) + (1 / m));
        return new PsiTest(psi, filled - 1, Special.ChiSquareUpper(psi / each, filled - 1), Math.Max(0, psi - (each * (filled - 1))));
    }
}
