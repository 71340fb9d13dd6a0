namespace CvOps.Statistics;

/// <summary>
/// Whether a population stability index is more than chance. Under equal distributions PSI / (1/n + 1/m) is asymptotically chi-square with
/// B - 1 degrees of freedom (Yurdakul and Naranjo, "Statistical properties of the population stability index", 2018/2020), so the usual limits
/// 0.1 and 0.25 mean nothing without n, m and B. Holds for independent frames and expected counts of about 5 a bin.
/// </summary>
/// <param name="Psi">The index.</param>
/// <param name="Degrees">Bins that either side filled, less one.</param>
/// <param name="PValue">Probability of an index at least this large without drift; 1 when either side counted nothing, so that no data is no alarm.</param>
public sealed record PsiTest(double Psi, int Degrees, double PValue)
{
    public static PsiTest Run(IReadOnlyList<long> reference, IReadOnlyList<long> current, double epsilon = Distances.PsiEpsilon)
    {
        var psi = Distances.Psi(reference, current, epsilon);
        var (n, m) = ((double)reference.Sum(), (double)current.Sum());
        if (n == 0 || m == 0) return new PsiTest(0, 0, 1);
        var filled = reference.Zip(current).Count(pair => pair.First + pair.Second > 0);
        return new PsiTest(psi, filled - 1, Special.ChiSquareUpper(psi / ((1 / n) + (1 / m)), filled - 1));
    }
}
