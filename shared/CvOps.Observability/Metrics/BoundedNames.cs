using System.Collections.Concurrent;

namespace CvOps.Observability.Metrics;

/// <summary>Values of a label of which there may be many: the first so many keep their names until the program starts anew, all others are <see cref="MetricPage.Other"/>. Any thread.</summary>
public sealed class BoundedNames(int most)
{
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);

    public string Of(string name)
    {
        if (_names.TryGetValue(name, out var known)) return known;
        // Two at once may both pass; the bound is one of memory and pages, not of a number.
        return _names.Count < most ? _names.GetOrAdd(name, name) : MetricPage.Other;
    }
}
