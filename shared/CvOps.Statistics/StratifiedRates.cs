namespace CvOps.Statistics;

/// <summary>
/// Rates of several groups, compared within strata: how many of each group's cases are right, stratum by stratum, and whether they differ beyond chance (the
/// generalised statistic of Cochran, Mantel and Haenszel; Agresti, Categorical Data Analysis, 3rd ed., 8.4).
/// </summary>
public sealed class StratifiedRates
{
    private readonly Dictionary<string, (int[] Cases, int[] Right)> _strata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _places;

    /// <param name="cases">Stratum, group and whether it is right; every group is among the values.</param>
    public StratifiedRates(string[] values, IEnumerable<(string Stratum, string Group, bool Right)> cases)
    {
        Values = values;
        _places = values.Select((value, i) => (value, i)).ToDictionary(pair => pair.value, pair => pair.i, StringComparer.Ordinal);
        foreach (var (name, group, right) in cases)
        {
            if (!_strata.TryGetValue(name, out var stratum)) _strata[name] = stratum = (new int[values.Length], new int[values.Length]);
            stratum.Cases[_places[group]]++;
            if (right) stratum.Right[_places[group]]++;
        }
    }

    public IReadOnlyList<string> Values { get; }

    /// <summary>Cases of a group, how many are right, and how many would be at the rate that each stratum has over all groups.</summary>
    public (int Cases, int Right, double Expected) CountsOf(string value)
    {
        var at = _places[value];
        return (_strata.Values.Sum(stratum => stratum.Cases[at]), _strata.Values.Sum(stratum => stratum.Right[at]),
            _strata.Values.Sum(stratum => stratum.Cases[at] * (double)stratum.Right.Sum() / stratum.Cases.Sum()));
    }

    /// <summary>Probability of differences between the groups as large as these by chance.</summary>
    public double P()
    {
        var last = Values.Count - 1;
        var (difference, variance) = (new double[last], new double[last, last]);
        foreach (var (cases, right) in _strata.Values) Add(cases, right, difference, variance);
        var (statistic, rank) = Solve(variance, difference);
        return rank == 0 ? 1 : Special.ChiSquareUpper(statistic, rank);
    }

    /// <summary>The same of one group against the others.</summary>
    public double P(string value)
    {
        var at = _places[value];
        var (difference, variance) = (new double[1], new double[1, 1]);
        foreach (var (cases, right) in _strata.Values)
            Add([cases[at], cases.Sum() - cases[at]], [right[at], right.Sum() - right[at]], difference, variance);
        return variance[0, 0] <= 0 ? 1 : Special.ChiSquareUpper(difference[0] * difference[0] / variance[0, 0], 1);
    }

    /// <summary>Right cases beyond those expected, and their hypergeometric covariance, of all groups but the last.</summary>
    private static void Add(int[] cases, int[] right, double[] difference, double[,] variance)
    {
        double all = cases.Sum(), good = right.Sum();
        if (all < 2) return;
        var spread = good * (all - good) / (all * all * (all - 1));
        for (var i = 0; i < difference.Length; i++)
        {
            difference[i] += right[i] - cases[i] * good / all;
            for (var j = 0; j < difference.Length; j++) variance[i, j] += spread * ((i == j ? all * cases[i] : 0) - (double)cases[i] * cases[j]);
        }
    }

    /// <summary>d' V^-1 d by elimination; a group that no stratum shares with another has no variance of its own and takes no part.</summary>
    private static (double Statistic, int Rank) Solve(double[,] variance, double[] difference)
    {
        const double nothing = 1e-9;
        var n = difference.Length;
        var (statistic, rank) = (0.0, 0);
        for (var pivot = 0; pivot < n; pivot++)
        {
            if (variance[pivot, pivot] <= nothing) continue;
            rank++;
            statistic += difference[pivot] * difference[pivot] / variance[pivot, pivot];
            for (var row = pivot + 1; row < n; row++)
            {
                var factor = variance[row, pivot] / variance[pivot, pivot];
                difference[row] -= factor * difference[pivot];
                for (var column = pivot + 1; column < n; column++) variance[row, column] -= factor * variance[pivot, column];
            }
        }
        return (statistic, rank);
    }
}
