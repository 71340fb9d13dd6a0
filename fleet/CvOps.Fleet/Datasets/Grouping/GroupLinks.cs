namespace CvOps.Fleet.Datasets.Grouping;

/// <summary>
/// Groups that are one because something is in both. Of those that are joined the one that was seen first gives the name, so that frames that come later leave
/// every name as it was unless they join two groups.
/// </summary>
internal sealed class GroupLinks
{
    private readonly Dictionary<string, string> _parents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long At, string Group)> _oldest = new(StringComparer.Ordinal);

    /// <param name="firstAt">When the frame of the first group was taken that joins them, in microseconds.</param>
    public void Join(string first, long firstAt, string second, long secondAt)
    {
        var (a, b) = (Know(first, firstAt), Know(second, secondAt));
        if (a == b) return;
        _parents[b] = a;
        _oldest[a] = Older(_oldest[a], _oldest[b]);
    }

    /// <returns>The name of the group that it is part of; its own where it was never joined.</returns>
    public string Find(string group) => _parents.ContainsKey(group) ? _oldest[Root(group)].Group : group;

    private string Know(string group, long at)
    {
        if (_parents.TryAdd(group, group)) _oldest[group] = (at, group);
        var root = Root(group);
        _oldest[root] = Older(_oldest[root], (at, group));
        return root;
    }

    private string Root(string group)
    {
        var root = group;
        while (_parents[root] is var parent && parent != root) root = parent;
        // Every step of the way points to the root from now on.
        while (group != root) (group, _parents[group]) = (_parents[group], root);
        return root;
    }

    private static (long, string) Older((long At, string Group) a, (long At, string Group) b) =>
        a.At != b.At ? (a.At < b.At ? a : b) : string.CompareOrdinal(a.Group, b.Group) < 0 ? a : b;
}
