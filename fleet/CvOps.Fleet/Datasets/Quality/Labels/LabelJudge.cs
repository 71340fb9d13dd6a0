using CvOps.Heads;

namespace CvOps.Fleet.Datasets.Quality.Labels;

/// <summary>An example as the judge sees it.</summary>
/// <param name="Group">Examples of one group are hardly different: a part, a burst, a picture.</param>
internal readonly record struct JudgedExample(float[] Embedding, string Class, string Group);

/// <summary>What heads say of examples that they did not learn from.</summary>
/// <param name="Rows">Indices of the examples that were judged.</param>
/// <param name="Labels">Index of the given class of each.</param>
/// <param name="Probabilities">Of each by class.</param>
/// <param name="Note">Who was left out and why, in a sentence; null for nobody.</param>
internal sealed record LabelJudgement(IReadOnlyList<string> Classes, IReadOnlyList<int> Rows, IReadOnlyList<int> Labels, IReadOnlyList<double[]> Probabilities, string? Note)
{
    public int TopOf(int place) => Array.IndexOf(Probabilities[place], Probabilities[place].Max());
}

/// <summary>
/// Judges each example by a logistic head that learned from the others (five folds, whole groups). Many examples are judged in parts of at most
/// <see cref="MostTogether"/>, drawn by chance, so that neither memory nor time grows with their square.
/// </summary>
internal static class LabelJudge
{
    /// <summary>A class with fewer can't be learned from four fifths of it.</summary>
    public const int LeastOfClass = 5;

    public const int MostTogether = 20_000;

    // On pictures of steel with planted mistakes, of 0.03, 0.1 and 0.3 the middle one finds the most at equal precision.
    private const double L2 = 0.1;
    private const int Seed = 1;

    /// <param name="told">Hears how many are judged, and of how many.</param>
    /// <exception cref="HeadFitException">An embedding is NaN or infinite.</exception>
    public static LabelJudgement Judge(IReadOnlyList<JudgedExample> examples, int threads, Action<int, int> told, CancellationToken cancel)
    {
        var counts = examples.CountBy(example => example.Class, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        string[] classes = [.. counts.Where(count => count.Value >= LeastOfClass).Select(count => count.Key).Order(StringComparer.Ordinal)];
        var few = counts.Keys.Except(classes).Order(StringComparer.Ordinal).ToArray();
        if (classes.Length < 2)
            return new LabelJudgement([], [], [], [], $"{(counts.Count == 1 ? "All labels name one class" : "Fewer than two classes have enough frames")}; it takes two classes of at least {LeastOfClass} frames each to tell a wrong label.");
        var index = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);
        int[] rows = [.. Enumerable.Range(0, examples.Count).Where(i => index.ContainsKey(examples[i].Class))];
        var labels = Array.ConvertAll(rows, row => index[examples[row].Class]);
        var probabilities = new double[rows.Length][];
        var done = 0;
        foreach (var part in Parts(rows.Length))
        {
            var samples = new Samples([.. part.Select(place => examples[rows[place]].Embedding)], [.. part.Select(place => labels[place])], classes.Length);
            var fold = CrossValidation.Deal(samples, [.. part.Select(place => examples[rows[place]].Group)], Seed);
            var judged = CrossValidation.Probabilities(samples, fold, new FitOptions(L2, MaxSteps: 300, Threads: threads), cancel, count => told(done + count, rows.Length));
            for (var i = 0; i < part.Length; i++) probabilities[part[i]] = judged[i];
            done += part.Length;
        }
        return new LabelJudgement(classes, rows, labels, probabilities, few.Length == 0 ? null
            : $"{string.Join(", ", few.Take(5))}{(few.Length > 5 ? $" and {few.Length - 5} more classes" : "")} {(few.Length == 1 ? "has" : "have")} fewer than {LeastOfClass} frames and can't be judged.");
    }

    private static int[][] Parts(int count)
    {
        int[] places = [.. Enumerable.Range(0, count)];
        var parts = (count + MostTogether - 1) / MostTogether;
        if (parts > 1) new Random(Seed).Shuffle(places);
        return [.. Enumerable.Range(0, parts).Select(part => places[(int)((long)count * part / parts)..(int)((long)count * (part + 1) / parts)])];
    }
}
