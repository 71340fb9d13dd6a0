namespace CvOps.CrashMatrix;

/// <summary>The matrix as lines to read: rows that went the same way are one line, with their number.</summary>
internal static class CrashTable
{
    public static void Print(IReadOnlyList<CrashRow> rows, TextWriter to)
    {
        to.WriteLine($"{"state",-12} {"when",-7} {"what",-24} {"times",5}  {"ends in",-11} {"in charge",-9} states passed afterwards");
        var order = new[] { "entry", "start", "during", "exit" };
        foreach (var line in rows
            .GroupBy(row => (row.State, row.When, row.What, row.Passed, End: row.End?.State, row.End?.InCharge))
            .OrderBy(group => Rank(group.Key.State)).ThenBy(group => Array.IndexOf(order, group.Key.When)).ThenBy(group => group.Key.What, StringComparer.Ordinal))
        {
            var key = line.Key;
            to.WriteLine($"{key.State,-12} {key.When,-7} {key.What,-24} {line.Count(),5}  {key.End?.ToString() ?? "-",-11} {key.InCharge ?? "-",-9} {key.Passed}");
        }
        foreach (var row in rows.Where(row => row.Trouble is not null)) to.WriteLine($"WRONG: {row.State} {row.When}, {row.What} at '{row.Where}': {row.Trouble}");
        to.WriteLine($"{rows.Count} ways to go wrong, {rows.Count(row => row.Trouble is not null)} that end wrong.");
    }

    /// <summary>In the order an update meets them.</summary>
    private static int Rank(Contracts.Twin.UpdateState state) => state switch
    {
        Contracts.Twin.UpdateState.Committed => -1,
        Contracts.Twin.UpdateState.Shadowing => 5,
        >= Contracts.Twin.UpdateState.Swapping => (int)state + 1,
        _ => (int)state,
    };
}
