namespace CvOps.Plans;

/// <summary>What somebody may have meant who wrote something that does not exist.</summary>
public static class Nearest
{
    /// <summary>The known word that takes the fewest letters to change; null where none is near: more than a third of the letters would have to change.</summary>
    /// <remarks>Distance of Damerau and Levenshtein, adjacent letters swapped count once (optimal string alignment), upper and lower case alike.</remarks>
    public static string? Of(string written, IEnumerable<string> known)
    {
        string? best = null;
        var least = Math.Max(1, (written.Length + 1) / 3) + 1;
        foreach (var word in known)
        {
            if (Math.Abs(word.Length - written.Length) >= least || Distance(written, word, least) is not { } distance || distance >= least) continue;
            (best, least) = (word, distance);
        }
        return best;
    }

    /// <summary>", did you mean 'x'?" or nothing; for the end of a sentence.</summary>
    public static string Hint(string written, IEnumerable<string> known) => Of(written, known) is { } word ? $"; did you mean '{word}'?" : ".";

    private static int? Distance(string a, string b, int limit)
    {
        Span<int> before = stackalloc int[b.Length + 1], last = stackalloc int[b.Length + 1], row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            var least = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                row[j] = Math.Min(Math.Min(last[j], row[j - 1]) + 1, last[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 2]) && char.ToLowerInvariant(a[i - 2]) == char.ToLowerInvariant(b[j - 1]))
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                least = Math.Min(least, row[j]);
            }
            if (least > limit) return null;
            last.CopyTo(before);
            row.CopyTo(last);
        }
        return last[b.Length];
    }
}
