using System.Numerics.Tensors;

namespace CvOps.Heads;

/// <summary>Logits = weights x embedding + bias.</summary>
/// <param name="Weights">Rows of one class each, [classes, dimensions].</param>
internal sealed record LinearHead(int Classes, int Dimensions, double[] Weights, double[] Bias) : IHead
{
    public void Infer(ReadOnlySpan<float> embedding, Span<double> probabilities)
    {
        for (var c = 0; c < Classes; c++)
        {
            var logit = Bias[c];
            var row = Weights.AsSpan(c * Dimensions, Dimensions);
            for (var d = 0; d < row.Length; d++) logit += row[d] * embedding[d];
            probabilities[c] = logit;
        }

        Softmax(probabilities);
    }

    public IHead Sharpened(double factor) => this with { Weights = [.. Weights.Select(w => w * factor)], Bias = [.. Bias.Select(b => b * factor)] };

    /// <summary>Logits become probabilities.</summary>
    public static void Softmax(Span<double> logits)
    {
        var largest = TensorPrimitives.Max<double>(logits);
        var sum = 0.0;
        for (var c = 0; c < logits.Length; c++) sum += logits[c] = Math.Exp(logits[c] - largest);
        TensorPrimitives.Divide(logits, sum, logits);
    }
}
