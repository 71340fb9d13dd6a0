namespace CvOps.Trainer.Heads;

/// <summary>Logits = weights x embedding + bias.</summary>
/// <param name="Weights">Rows of one class each, [classes, dimensions].</param>
internal sealed record LinearHead(int Classes, int Dimensions, double[] Weights, double[] Bias)
{
    /// <summary>Softmax probabilities, summed in double precision.</summary>
    /// <param name="probabilities">Filled, one a class.</param>
    public void Infer(ReadOnlySpan<float> embedding, Span<double> probabilities)
    {
        var largest = double.NegativeInfinity;
        for (var c = 0; c < Classes; c++)
        {
            var logit = Bias[c];
            var row = Weights.AsSpan(c * Dimensions, Dimensions);
            for (var d = 0; d < row.Length; d++) logit += row[d] * embedding[d];
            probabilities[c] = logit;
            largest = Math.Max(largest, logit);
        }

        var sum = 0.0;
        for (var c = 0; c < Classes; c++) sum += probabilities[c] = Math.Exp(probabilities[c] - largest);
        for (var c = 0; c < Classes; c++) probabilities[c] /= sum;
    }

    /// <summary>The class with the largest probability.</summary>
    public int Top(ReadOnlySpan<float> embedding)
    {
        Span<double> probabilities = stackalloc double[Classes];
        Infer(embedding, probabilities);
        var best = 0;
        for (var c = 1; c < Classes; c++)
            if (probabilities[c] > probabilities[best]) best = c;
        return best;
    }

    /// <summary>The same decisions with logits multiplied: a head that is surer than it has reason to be.</summary>
    public LinearHead Sharpened(double factor) => this with { Weights = [.. Weights.Select(w => w * factor)], Bias = [.. Bias.Select(b => b * factor)] };
}
