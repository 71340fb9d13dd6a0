namespace CvOps.Trainer.Heads;

/// <summary>How right a head is on rows it has not seen: the rows are dealt into folds, each is judged by a head fitted on the others.</summary>
internal static class CrossValidation
{
    private const int Folds = 5;

    /// <param name="seed">Decides which row goes into which fold.</param>
    /// <returns>Share of rows judged right, or null when a fold would leave a class without rows to learn from.</returns>
    public static double? Accuracy(Samples samples, FitOptions options, int seed, CancellationToken cancel)
    {
        if (samples.Labels.CountBy(label => label).Any(count => count.Value < Folds)) return null;
        var fold = Deal(samples, seed);
        var right = 0;
        for (var f = 0; f < Folds; f++)
        {
            var head = HeadFit.Fit(samples.Where(i => fold[i] != f), options, null, cancel).Head;
            right += Enumerable.Range(0, samples.Count).Count(i => fold[i] == f && head.Top(samples.Rows[i]) == samples.Labels[i]);
        }

        return (double)right / samples.Count;
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
