using CvOps.Cli.Output;
using Spectre.Console;

namespace CvOps.Fleet.Tests.Cli;

public sealed class TableTests
{
    private static readonly (string Name, string Words, string Digest)[] Rows =
    [
        ("retraining-2", "crazing:51 inclusion:53 pitted_surface:47 rolled-in_scale:41", new string('a', 64)),
        ("retraining-1", "crazing:30 inclusion:50 pitted_surface:38 rolled-in_scale:31", new string('b', 64)),
    ];

    [Fact]
    public void Where_a_row_has_room_it_is_one_line()
    {
        var lines = Print(400);
        foreach (var row in Rows) Assert.Contains(lines, line => line.Contains(row.Name, StringComparison.Ordinal) && line.Contains(row.Words, StringComparison.Ordinal) && line.Contains(row.Digest, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(95)]
    [InlineData(120)]
    public void No_word_is_cut_in_two_however_narrow_the_terminal(int width)
    {
        var words = string.Join('\n', Print(width)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        foreach (var row in Rows) Assert.All([row.Name, row.Digest, .. row.Words.Split(' ')], word => Assert.Contains(word, words));
    }

    [Fact]
    public void Rows_without_room_side_by_side_become_blocks_that_name_each_value()
    {
        var lines = Print(80).Select(line => line.Trim()).ToArray();
        Assert.Equal(2, lines.Count(line => line.StartsWith("digest", StringComparison.Ordinal) && line.Length > 64));
    }

    private static string[] Print(int width)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        new Screen(console, json: false).Table(Rows, "", ("name", row => row.Name), ("classes", row => row.Words), ("digest", row => row.Digest));
        return text.ToString().Split('\n');
    }
}
