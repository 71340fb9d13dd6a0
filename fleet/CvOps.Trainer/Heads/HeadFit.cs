namespace CvOps.Trainer.Heads;

/// <param name="L2">Weight of the penalty on the standardised weights, at least 0.</param>
/// <param name="Balanced">Each class counts the same, however many rows it has.</param>
/// <param name="Threads">The result does not depend on it.</param>
internal sealed record FitOptions(double L2, bool Balanced = false, int MaxSteps = 2000, int Threads = 1);

/// <param name="Head">For embeddings as they come: the standardisation is folded in.</param>
internal sealed record FitResult(LinearHead Head, double Loss, int Steps, bool Converged);

/// <summary>
/// Multinomial logistic regression: minimises mean cross-entropy + l2/2 |W|^2 over features of mean 0 and standard deviation 1
/// (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 4.4 and 18.3.2). No chance: the same rows give the same bits on the same kind of processor.
/// </summary>
internal static class HeadFit
{
    /// <summary>Keeps the minimum unique without an L2.</summary>
    private const double Ridge = 1e-6;

    /// <summary>The loss is at most this far above its minimum: the gap is at most |gradient|^2 / (2 mu) with mu the weaker penalty.</summary>
    private const double LossGap = 1e-9;

    /// <exception cref="TrainerException">An embedding is NaN or infinite.</exception>
    public static FitResult Fit(Samples samples, FitOptions options, Action<int, double>? onStep, CancellationToken cancel)
    {
        using var rows = EmbeddingMatrix.Standardise(samples);
        var (classes, dimensions) = (samples.Classes, samples.Dimensions);
        var l2 = Math.Max(options.L2, Ridge);
        var tolerance = Math.Sqrt(2 * l2 * LossGap);
        using var loss = new SoftmaxLoss(rows, samples, Importance(samples, options.Balanced), l2, options.Threads);
        var minimum = Lbfgs.Minimise(loss.Evaluate, loss.Parameters, tolerance, options.MaxSteps, onStep, cancel);
        if (!double.IsFinite(minimum.Value)) throw new TrainerException("The loss became NaN or infinite.");

        // W (x - mean) / deviation + b, as one matrix and one vector.
        var weights = new double[classes * dimensions];
        var bias = new double[classes];
        for (var c = 0; c < classes; c++)
        {
            bias[c] = minimum.Point[classes * dimensions + c];
            for (var d = 0; d < dimensions; d++)
            {
                weights[c * dimensions + d] = minimum.Point[c * dimensions + d] * rows.Scale[d];
                bias[c] -= weights[c * dimensions + d] * rows.Mean[d];
            }
        }

        return new FitResult(new LinearHead(classes, dimensions, weights, bias), minimum.Value, minimum.Steps, minimum.Converged);
    }

    /// <summary>Share of each row in the mean; the sum is 1.</summary>
    private static double[] Importance(Samples samples, bool balanced)
    {
        if (!balanced) return [.. Enumerable.Repeat(1.0 / samples.Count, samples.Count)];
        var counts = samples.Labels.CountBy(label => label).ToDictionary();
        return [.. samples.Labels.Select(label => 1.0 / counts.Count / counts[label])];
    }
}
