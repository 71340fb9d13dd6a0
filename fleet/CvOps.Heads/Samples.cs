namespace CvOps.Heads;

/// <summary>Embeddings with their labels.</summary>
/// <param name="Rows">Each of the same length.</param>
/// <param name="Labels">Index of the class of each row.</param>
internal sealed record Samples(IReadOnlyList<float[]> Rows, IReadOnlyList<int> Labels, int Classes)
{
    public int Count => Rows.Count;

    public int Dimensions => Rows[0].Length;

    public Samples Where(Func<int, bool> wanted)
    {
        var indices = Enumerable.Range(0, Count).Where(wanted).ToList();
        return new Samples([.. indices.Select(i => Rows[i])], [.. indices.Select(i => Labels[i])], Classes);
    }
}
