namespace CvOps.Cli.Output;

/// <summary>Shares a terminal's width among a table's columns so that no word is cut in two.</summary>
internal static class TableRoom
{
    /// <summary>What a border of spaces takes of each column: one left, one right, one before.</summary>
    private const int Padding = 3;

    private const int LastBorder = 1;

    /// <param name="columns">Of each column its heading and cells; one that may not break is as wide as its widest text.</param>
    /// <param name="width">Of the terminal, in characters.</param>
    /// <returns>Each column's width in characters; null where they have no room side by side.</returns>
    public static int[]? Widths(IReadOnlyList<(IReadOnlyList<string> Texts, bool Breaks)> columns, int width)
    {
        var whole = columns.Select(column => column.Texts.Max(text => text.Length)).ToArray();
        var widths = columns.Select((column, i) => column.Breaks ? column.Texts.Max(LongestWord) : whole[i]).ToArray();
        var left = width - widths.Sum() - Padding * columns.Count - LastBorder;
        if (left < 0) return null;
        // Whoever is shortest of room gets the next character: long texts end up about equally high.
        for (; left > 0; left--)
        {
            var neediest = Enumerable.Range(0, widths.Length).MaxBy(i => (double)whole[i] / widths[i]);
            if (widths[neediest] >= whole[neediest]) break;
            widths[neediest]++;
        }
        return widths;
    }

    private static int LongestWord(string text) => Math.Max(1, text.Split(' ').Max(word => word.Length));
}
