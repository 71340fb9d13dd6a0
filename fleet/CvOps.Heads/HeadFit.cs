namespace CvOps.Heads;

/// <param name="L2">Weight of the penalty on the standardised weights, at least 0.</param>
/// <param name="Balanced">Each class counts the same, however many rows it has.</param>
/// <param name="Threads">The result does not depend on it.</param>
/// <param name="Hidden">Rectified units of a layer in between; 0 for none.</param>
/// <param name="Seed">Draws where a fit with hidden units begins; one without holds no chance.</param>
internal sealed record FitOptions(double L2, bool Balanced = false, int MaxSteps = 2000, int Threads = 1, int Hidden = 0, int Seed = 1);

/// <param name="Head">For embeddings as they come: the standardisation is folded in.</param>
internal sealed record FitResult(IHead Head, double Loss, int Steps, bool Converged);

/// <summary>
/// Multinomial logistic regression: minimises mean cross-entropy + l2/2 |W|^2 over features of mean 0 and standard deviation 1
/// (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 4.4 and 18.3.2); with hidden units the same loss of a small network (11.3).
/// The same rows, options and beginning give the same bits on the same kind of processor.
/// </summary>
internal static class HeadFit
{
    /// <summary>Keeps the minimum unique without an L2.</summary>
    private const double Ridge = 1e-6;

    /// <summary>The loss is at most this far above its minimum: the gap is at most |gradient|^2 / (2 mu) with mu the penalty. Of a network it is a habit, no bound.</summary>
    private const double LossGap = 1e-9;

    /// <param name="from">Where to begin: what an earlier attempt came to; null for the beginning.</param>
    /// <exception cref="HeadFitException">An embedding is NaN or infinite.</exception>
    public static FitResult Fit(Samples samples, FitOptions options, StepTaken? onStep, CancellationToken cancel, double[]? from = null)
    {
        using var rows = EmbeddingMatrix.Standardise(samples);
        var l2 = Math.Max(options.L2, Ridge);
        var tolerance = Math.Sqrt(2 * l2 * LossGap);
        var importance = Importance(samples, options.Balanced);
        Minimum minimum;
        if (options.Hidden == 0)
        {
            using var loss = new SoftmaxLoss(rows, samples, importance, l2, options.Threads);
            minimum = Lbfgs.Minimise(loss.Evaluate, from ?? new double[loss.Parameters], tolerance, options.MaxSteps, onStep, cancel);
        }
        else
        {
            using var loss = new MlpLoss(rows, samples, importance, options.Hidden, l2, options.Threads);
            minimum = Lbfgs.Minimise(loss.Evaluate, from ?? Drawn(samples, options, loss.Parameters), tolerance, options.MaxSteps, onStep, cancel);
        }

        if (!double.IsFinite(minimum.Value)) throw new HeadFitException("The loss became NaN or infinite.");
        return new FitResult(HeadOf(minimum.Point, rows, samples.Classes, options.Hidden), minimum.Value, minimum.Steps, minimum.Converged);
    }

    private static IHead HeadOf(double[] point, EmbeddingMatrix rows, int classes, int hidden)
    {
        if (hidden == 0) return Folded(point, rows, classes);
        var cut = hidden * (rows.Dimensions + 1);
        var second = new LinearHead(classes, hidden, point[cut..(cut + classes * hidden)], point[(cut + classes * hidden)..]);
        return new MlpHead(Folded(point[..cut], rows, hidden), second);
    }

    /// <summary>W (x - mean) / deviation + b, as one matrix and one vector.</summary>
    private static LinearHead Folded(double[] point, EmbeddingMatrix rows, int outputs)
    {
        var dimensions = rows.Dimensions;
        var weights = new double[outputs * dimensions];
        var bias = new double[outputs];
        for (var c = 0; c < outputs; c++)
        {
            bias[c] = point[outputs * dimensions + c];
            for (var d = 0; d < dimensions; d++)
            {
                weights[c * dimensions + d] = point[c * dimensions + d] * rows.Scale[d];
                bias[c] -= weights[c * dimensions + d] * rows.Mean[d];
            }
        }

        return new LinearHead(outputs, dimensions, weights, bias);
    }

    /// <summary>He, Zhang, Ren and Sun, Delving Deep into Rectifiers, 2015: deviation sqrt(2 / inputs), biases zero.</summary>
    private static double[] Drawn(Samples samples, FitOptions options, int parameters)
    {
        var random = new Random(options.Seed);
        var point = new double[parameters];
        var first = options.Hidden * samples.Dimensions;
        for (var i = 0; i < first; i++) point[i] = Math.Sqrt(2.0 / samples.Dimensions) * Gauss(random);
        var second = first + options.Hidden;
        for (var i = second; i < second + samples.Classes * options.Hidden; i++) point[i] = Math.Sqrt(2.0 / options.Hidden) * Gauss(random);
        return point;
    }

    private static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Share of each row in the mean; the sum is 1.</summary>
    private static double[] Importance(Samples samples, bool balanced)
    {
        if (!balanced) return [.. Enumerable.Repeat(1.0 / samples.Count, samples.Count)];
        var counts = samples.Labels.CountBy(label => label).ToDictionary();
        return [.. samples.Labels.Select(label => 1.0 / counts.Count / counts[label])];
    }
}
