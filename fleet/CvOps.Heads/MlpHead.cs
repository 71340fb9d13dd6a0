namespace CvOps.Heads;

/// <summary>Logits = second x max(0, first x embedding + first bias) + second bias.</summary>
/// <param name="First">[units, dimensions] with its bias.</param>
/// <param name="Second">[classes, units] with its bias.</param>
internal sealed record MlpHead(LinearHead First, LinearHead Second) : IHead
{
    public int Classes => Second.Classes;

    public void Infer(ReadOnlySpan<float> embedding, Span<double> probabilities)
    {
        Span<double> hidden = new double[First.Classes];
        for (var unit = 0; unit < hidden.Length; unit++)
        {
            var sum = First.Bias[unit];
            var row = First.Weights.AsSpan(unit * First.Dimensions, First.Dimensions);
            for (var d = 0; d < row.Length; d++) sum += row[d] * embedding[d];
            hidden[unit] = Math.Max(0, sum);
        }

        for (var c = 0; c < Classes; c++) probabilities[c] = Second.Bias[c] + System.Numerics.Tensors.TensorPrimitives.Dot<double>(Second.Weights.AsSpan(c * hidden.Length, hidden.Length), hidden);
        LinearHead.Softmax(probabilities);
    }

    public IHead Sharpened(double factor) => this with { Second = (LinearHead)Second.Sharpened(factor) };
}
