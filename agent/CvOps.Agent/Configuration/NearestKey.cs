namespace CvOps.Agent.Configuration;

/// <summary>Finds what a mistyped key was meant to be.</summary>
internal static class NearestKey
{
    /// <returns>The known key within a third of its length in edits; null when none is near.</returns>
    public static string? Of(string typed, IEnumerable<string> known) => known
        .Select(key => (Key: key, Edits: Distance(typed.ToLowerInvariant().Replace('_', '-'), key)))
        .Where(it => it.Edits <= Math.Max(2, it.Key.Length / 3))
        .OrderBy(it => it.Edits).ThenBy(it => it.Key, StringComparer.Ordinal)
        .Select(it => it.Key)
        .FirstOrDefault();

    /// <summary>Insertions, deletions and replacements from one to the other (Levenshtein 1966).</summary>
    internal static int Distance(string a, string b)
    {
        var above = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }
            above = row;
        }
        return above[^1];
    }
}
