namespace CvOps.Trainer.Heads;

/// <param name="L2">Weight of the penalty on the standardised weights, at least 0.</param>
/// <param name="Balanced">Each class counts the same, however many rows it has.</param>
internal sealed record FitOptions(double L2, bool Balanced = false, int MaxSteps = 2000);

/// <param name="Head">For embeddings as they come: the standardisation is folded in.</param>
internal sealed record FitResult(LinearHead Head, double Loss, int Steps, bool Converged);

/// <summary>
/// Multinomial logistic regression: minimises mean cross-entropy + l2/2 |W|^2 over features of mean 0 and standard deviation 1
/// (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 4.4 and 18.3.2). No chance: the same rows give the same bits on the same kind of processor.
/// </summary>
internal static class HeadFit
{
    /// <summary>Keeps the bias of a class without rows finite, and the minimum unique without an L2.</summary>
    private const double Ridge = 1e-6;

    /// <summary>The loss is at most this far above its minimum: the gap is at most |gradient|^2 / (2 mu) with mu the weaker penalty.</summary>
    private const double LossGap = 1e-9;

    /// <exception cref="TrainerException">An embedding is NaN or infinite.</exception>
    public static FitResult Fit(Samples samples, FitOptions options, Action<int, double>? onStep, CancellationToken cancel)
    {
        var (features, mean, scale) = Standardise(samples);
        var importance = Importance(samples, options.Balanced);
        var (classes, dimensions) = (samples.Classes, samples.Dimensions);
        var l2 = Math.Max(options.L2, Ridge);
        var tolerance = Math.Sqrt(2 * l2 * LossGap);
        var minimum = Lbfgs.Minimise(
            (point, gradient) => Loss(point, gradient, features, samples, importance, l2), classes * (dimensions + 1), tolerance, options.MaxSteps, onStep, cancel);
        if (!double.IsFinite(minimum.Value)) throw new TrainerException("The loss became NaN or infinite.");

        // W (x - mean) / deviation + b, as one matrix and one vector.
        var weights = new double[classes * dimensions];
        var bias = new double[classes];
        for (var c = 0; c < classes; c++)
        {
            bias[c] = minimum.Point[classes * dimensions + c];
            for (var d = 0; d < dimensions; d++)
            {
                weights[c * dimensions + d] = minimum.Point[c * dimensions + d] * scale[d];
                bias[c] -= weights[c * dimensions + d] * mean[d];
            }
        }

        return new FitResult(new LinearHead(classes, dimensions, weights, bias), minimum.Value, minimum.Steps, minimum.Converged);
    }

    private static double Loss(ReadOnlySpan<double> point, Span<double> gradient, double[] features, Samples samples, double[] importance, double l2)
    {
        var (classes, dimensions) = (samples.Classes, samples.Dimensions);
        var weights = point[..(classes * dimensions)];
        var bias = point[weights.Length..];
        gradient.Clear();
        var loss = 0.0;
        Span<double> errors = stackalloc double[classes];
        for (var i = 0; i < samples.Count; i++)
        {
            var row = features.AsSpan(i * dimensions, dimensions);
            var largest = double.NegativeInfinity;
            for (var c = 0; c < classes; c++)
            {
                errors[c] = bias[c] + System.Numerics.Tensors.TensorPrimitives.Dot(weights.Slice(c * dimensions, dimensions), row);
                largest = Math.Max(largest, errors[c]);
            }

            var label = samples.Labels[i];
            var own = errors[label] - largest;
            var sum = 0.0;
            for (var c = 0; c < classes; c++) sum += errors[c] = Math.Exp(errors[c] - largest);
            loss += importance[i] * (Math.Log(sum) - own);
            for (var c = 0; c < classes; c++)
            {
                var error = importance[i] * (errors[c] / sum - (c == label ? 1 : 0));
                gradient[weights.Length + c] += error;
                var into = gradient.Slice(c * dimensions, dimensions);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(row, error, into, into);
            }
        }

        for (var i = 0; i < point.Length; i++)
        {
            var penalty = i < weights.Length ? l2 : Ridge;
            loss += penalty / 2 * point[i] * point[i];
            gradient[i] += penalty * point[i];
        }

        return loss;
    }

    private static (double[] Features, double[] Mean, double[] Scale) Standardise(Samples samples)
    {
        var (count, dimensions) = (samples.Count, samples.Dimensions);
        var (features, mean, scale) = (new double[count * dimensions], new double[dimensions], new double[dimensions]);
        foreach (var row in samples.Rows)
            for (var d = 0; d < dimensions; d++)
                mean[d] += float.IsFinite(row[d]) ? row[d] / (double)count : throw new TrainerException("An embedding holds NaN or infinity: the parent does not work on this picture.");
        for (var d = 0; d < dimensions; d++)
        {
            var square = samples.Rows.Sum(row => (row[d] - mean[d]) * (row[d] - mean[d])) / count;
            // A feature that never moves says nothing; it gets no weight rather than an endless one.
            scale[d] = square > 1e-12 ? 1 / Math.Sqrt(square) : 0;
        }

        for (var i = 0; i < count; i++)
            for (var d = 0; d < dimensions; d++)
                features[i * dimensions + d] = (samples.Rows[i][d] - mean[d]) * scale[d];
        return (features, mean, scale);
    }

    /// <summary>Share of each row in the mean; the sum is 1.</summary>
    private static double[] Importance(Samples samples, bool balanced)
    {
        if (!balanced) return [.. Enumerable.Repeat(1.0 / samples.Count, samples.Count)];
        var counts = samples.Labels.CountBy(label => label).ToDictionary();
        return [.. samples.Labels.Select(label => 1.0 / counts.Count / counts[label])];
    }
}
