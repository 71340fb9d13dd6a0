using CvOps.Contracts.Api;

namespace CvOps.Statistics.Causes;

/// <summary>Which covariates have moved, and which way.</summary>
internal sealed class Moves(IReadOnlyList<CovariateDrift> covariates)
{
    private readonly Dictionary<string, CovariateDrift> _moved = covariates.Where(c => c.Moved).ToDictionary(c => c.Covariate);

    public bool Any => _moved.Count > 0;

    public IEnumerable<CovariateDrift> Strongest => _moved.Values.OrderByDescending(c => c.Psi);

    public bool Has(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (_moved.ContainsKey(name)) return true;
        return false;
    }

    public bool HasLike(string prefix) => _moved.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));

    public bool StrongestIs(string name) => Strongest.First().Covariate == name;

    public bool Up(string name) => _moved.TryGetValue(name, out var c) && c.Mean > c.ReferenceMean;

    public bool Down(string name) => _moved.TryGetValue(name, out var c) && c.Mean < c.ReferenceMean;
}
