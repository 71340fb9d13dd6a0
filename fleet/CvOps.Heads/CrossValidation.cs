namespace CvOps.Heads;

/// <summary>What heads say of rows they have not seen: the rows are dealt into folds, each is judged by a head fitted on the others.</summary>
internal static class CrossValidation
{
    private const int Folds = 5;

    /// <param name="seed">Decides which row goes into which fold.</param>
    /// <returns>Share of rows judged right, or null when a fold would leave a class without rows to learn from.</returns>
    public static double? Accuracy(Samples samples, FitOptions options, int seed, CancellationToken cancel)
    {
        if (samples.Labels.CountBy(label => label).Any(count => count.Value < Folds)) return null;
        var probabilities = Probabilities(samples, Deal(samples, seed), options, cancel);
        return (double)probabilities.Select((row, i) => Array.IndexOf(row, row.Max()) == samples.Labels[i] ? 1 : 0).Sum() / samples.Count;
    }

    /// <param name="fold">Of each row. Rows of one fold are judged together, by a head that was fitted on the others.</param>
    /// <param name="told">Hears after each fold how many rows are judged.</param>
    /// <returns>Of each row, by class.</returns>
    /// <exception cref="HeadFitException">An embedding is NaN or infinite.</exception>
    public static double[][] Probabilities(Samples samples, int[] fold, FitOptions options, CancellationToken cancel, Action<int>? told = null)
    {
        var probabilities = new double[samples.Count][];
        var done = 0;
        foreach (var part in Enumerable.Range(0, samples.Count).GroupBy(i => fold[i]).OrderBy(part => part.Key))
        {
            var head = HeadFit.Fit(samples.Where(i => fold[i] != part.Key), options, null, cancel).Head;
            foreach (var i in part)
            {
                probabilities[i] = new double[samples.Classes];
                head.Infer(samples.Rows[i], probabilities[i]);
                done++;
            }
            told?.Invoke(done);
        }
        return probabilities;
    }

    /// <summary>Groups into folds, each whole: what is hardly different must not teach about itself. The largest are dealt first, to the fold with the fewest rows of their class.</summary>
    /// <param name="groups">Of each row.</param>
    /// <param name="seed">Decides among groups of a size.</param>
    public static int[] Deal(Samples samples, IReadOnlyList<string> groups, int seed)
    {
        var random = new Random(seed);
        var all = Enumerable.Range(0, samples.Count).GroupBy(i => groups[i], StringComparer.Ordinal).Select(group => group.ToArray()).ToArray();
        random.Shuffle(all);
        var fold = new int[samples.Count];
        var (rows, perClass) = (new int[Folds], new int[Folds, samples.Classes]);
        foreach (var group in all.OrderByDescending(group => group.Length))
        {
            var label = samples.Labels[group[0]];
            var into = Enumerable.Range(0, Folds).MinBy(f => (perClass[f, label], rows[f]));
            foreach (var i in group)
            {
                fold[i] = into;
                rows[into]++;
                perClass[into, samples.Labels[i]]++;
            }
        }
        return fold;
    }

    /// <summary>Stratified: each class is shuffled and dealt out in turn.</summary>
    private static int[] Deal(Samples samples, int seed)
    {
        var fold = new int[samples.Count];
        // A seeded System.Random keeps its algorithm between versions of .NET.
        var random = new Random(seed);
        foreach (var group in Enumerable.Range(0, samples.Count).GroupBy(i => samples.Labels[i]).OrderBy(group => group.Key))
        {
            var indices = group.ToArray();
            random.Shuffle(indices);
            for (var i = 0; i < indices.Length; i++) fold[indices[i]] = i % Folds;
        }

        return fold;
    }
}
