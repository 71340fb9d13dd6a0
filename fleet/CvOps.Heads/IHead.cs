namespace CvOps.Heads;

/// <summary>What stands behind an embedding and says its class.</summary>
internal interface IHead
{
    int Classes { get; }

    /// <summary>Softmax probabilities, summed in double precision.</summary>
    /// <param name="probabilities">Filled, one a class.</param>
    void Infer(ReadOnlySpan<float> embedding, Span<double> probabilities);

    /// <summary>The same decisions with logits multiplied: a head that is surer than it has reason to be.</summary>
    IHead Sharpened(double factor);

    /// <summary>The class with the largest probability.</summary>
    int Top(ReadOnlySpan<float> embedding)
    {
        Span<double> probabilities = stackalloc double[Classes];
        Infer(embedding, probabilities);
        var best = 0;
        for (var c = 1; c < Classes; c++)
            if (probabilities[c] > probabilities[best]) best = c;
        return best;
    }
}
