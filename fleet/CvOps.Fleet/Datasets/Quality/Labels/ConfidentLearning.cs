namespace CvOps.Fleet.Datasets.Quality.Labels;

/// <param name="Row">Index of the example.</param>
/// <param name="Suggested">The class it more likely shows.</param>
/// <param name="Own">Probability of the class it was given.</param>
/// <param name="Other">Probability of the suggested one.</param>
internal readonly record struct LabelSuspect(int Row, int Suggested, double Own, double Other);

/// <summary>
/// Which labels are probably wrong (Northcutt, Jiang and Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, 2021): an example counts for the class
/// whose probability reaches the mean that the class's own examples have; these counts, scaled to the labels there are, say how many of a class are something else;
/// so many of it with the least probability of their own class are suspects ("prune by class"), where another class is also the most probable. Pure.
/// </summary>
internal static class ConfidentLearning
{
    /// <param name="labels">Given class of each example.</param>
    /// <param name="probabilities">Of each example by class, from a model that did not learn from it.</param>
    /// <returns>The most doubtful first.</returns>
    public static LabelSuspect[] Suspects(IReadOnlyList<int> labels, IReadOnlyList<double[]> probabilities, int classes)
    {
        var joint = ConfidentJoint(labels, probabilities, classes);
        var suspects = new List<LabelSuspect>();
        foreach (var given in Enumerable.Range(0, labels.Count).GroupBy(i => labels[i]))
        {
            var counted = joint[given.Key].Sum();
            // Of a class that no example is sure to belong to nothing can be said.
            if (counted == 0 || joint[given.Key][given.Key] == 0) continue;
            var wrong = (int)Math.Round(given.Count() * (1 - (double)joint[given.Key][given.Key] / counted));
            foreach (var i in given.OrderBy(i => probabilities[i][given.Key]).ThenBy(i => i).Take(wrong))
            {
                var top = Array.IndexOf(probabilities[i], probabilities[i].Max());
                if (top != given.Key) suspects.Add(new LabelSuspect(i, top, probabilities[i][given.Key], probabilities[i][top]));
            }
        }
        return [.. suspects.OrderBy(suspect => suspect.Own - suspect.Other).ThenBy(suspect => suspect.Row)];
    }

    /// <returns>[given, counted]: how many examples with one label count for which class.</returns>
    public static int[][] ConfidentJoint(IReadOnlyList<int> labels, IReadOnlyList<double[]> probabilities, int classes)
    {
        var (sums, counts) = (new double[classes], new int[classes]);
        for (var i = 0; i < labels.Count; i++)
        {
            sums[labels[i]] += probabilities[i][labels[i]];
            counts[labels[i]]++;
        }
        var joint = Enumerable.Range(0, classes).Select(_ => new int[classes]).ToArray();
        for (var i = 0; i < labels.Count; i++)
        {
            var best = -1;
            for (var c = 0; c < classes; c++)
                if (counts[c] > 0 && probabilities[i][c] >= sums[c] / counts[c] && (best < 0 || probabilities[i][c] > probabilities[i][best])) best = c;
            if (best >= 0) joint[labels[i]][best]++;
        }
        return joint;
    }
}
