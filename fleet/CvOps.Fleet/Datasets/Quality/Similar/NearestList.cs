namespace CvOps.Fleet.Datasets.Quality.Similar;

/// <param name="Row">Of the table <c>frames</c>.</param>
/// <param name="Distance">Squared Euclidean distance of the codes.</param>
internal readonly record struct Neighbour(long Row, int Distance);

/// <summary>The nearest so far, in order; of equals the smaller row. One thread.</summary>
internal sealed class NearestList(int most)
{
    private readonly Neighbour[] _kept = new Neighbour[most];

    public int Count { get; private set; }

    /// <summary>What is further does not come in.</summary>
    public int Furthest { get; private set; } = most == 0 ? -1 : int.MaxValue;

    public ReadOnlySpan<Neighbour> Kept => _kept.AsSpan(0, Count);

    public void Offer(Neighbour neighbour)
    {
        if (neighbour.Distance > Furthest || (Count == most && !IsBefore(neighbour, _kept[Count - 1]))) return;
        var at = Count < most ? Count++ : Count - 1;
        for (; at > 0 && IsBefore(neighbour, _kept[at - 1]); at--) _kept[at] = _kept[at - 1];
        _kept[at] = neighbour;
        if (Count == most) Furthest = _kept[Count - 1].Distance;
    }

    public void Offer(NearestList other)
    {
        foreach (var neighbour in other.Kept) Offer(neighbour);
    }

    private static bool IsBefore(Neighbour one, Neighbour other) => one.Distance < other.Distance || (one.Distance == other.Distance && one.Row < other.Row);
}
