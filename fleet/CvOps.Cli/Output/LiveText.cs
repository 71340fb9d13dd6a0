using System.Text;

namespace CvOps.Cli.Output;

/// <summary>A text on a terminal that is drawn again in its place. Pure: what it says is written by whoever has the terminal.</summary>
internal sealed class LiveText
{
    private int _lines;

    /// <returns>What draws the text over the one before: as many lines as the terminal has, and how many there are beyond.</returns>
    /// <param name="height">Lines of the terminal.</param>
    public string Draw(string text, string foot, int height)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        // The foot, the line with the rest, and the cursor's own.
        var room = Math.Max(1, height - 3);
        var shown = lines.Length <= room ? lines : [.. lines.Take(room), $"... and {lines.Length - room} more lines: a taller window, or --json, has them"];
        var drawn = new StringBuilder();
        if (_lines > 0) drawn.Append("\u001b[").Append(_lines).Append('A');
        drawn.Append('\r').Append("\u001b[J");
        foreach (var line in shown) drawn.Append(line.TrimEnd()).Append('\n');
        drawn.Append(foot).Append('\n');
        _lines = shown.Length + 1;
        return drawn.ToString();
    }
}
