namespace CvOps.Statistics.Change;

/// <summary>
/// Bets that were worked out before: they depend on the reference, which rarely changes, and the dispersion, which is taken in steps of 5 %.
/// Not for use by several threads at once.
/// </summary>
public sealed class ChangeBetsCache
{
    private const int Most = 128;
    private const double Step = 1.05;

    private readonly Dictionary<(ulong Reference, bool Ordered, int Step), ChangeBets> _bets = [];

    /// <param name="reference">Counts by bin.</param>
    /// <param name="ordered">Whether neighbouring bins are alike.</param>
    /// <param name="dispersion">At least 1.</param>
    public ChangeBets Get(IReadOnlyList<long> reference, bool ordered, double dispersion)
    {
        var key = (ChangeState.IdOf(reference), ordered, (int)Math.Round(Math.Log(dispersion) / Math.Log(Step)));
        if (_bets.TryGetValue(key, out var known)) return known;
        if (_bets.Count >= Most) _bets.Clear();
        var steps = Math.Pow(Step, key.Item3);
        return _bets[key] = ordered ? ChangeBets.OnOrder(reference, steps) : ChangeBets.OnClasses(reference, steps);
    }
}
