using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using Spectre.Console;

namespace CvOps.Cli.Output;

/// <summary>Where answers go: a table for people, or JSON as the API has it for programs.</summary>
internal sealed class Screen(IAnsiConsole console, bool json)
{
    private const int WidestKept = 16;

    /// <summary>A name longer than that breaks, or nothing else had room on a terminal of 80 columns.</summary>
    private const int WidestName = 40;

    private static readonly JsonSerializerOptions Indented = new(ContractsJson.Default.Options) { WriteIndented = true };

    /// <summary>Where JSON goes. Not the ANSI console: that one wraps lines at the terminal's width, which breaks JSON for programs.</summary>
    public TextWriter Programs { get; init; } = System.Console.Out;

    /// <summary>A document of JSON is one line.</summary>
    public bool OneLine { get; init; }

    /// <summary>Whoever watches need not look again: see <see cref="Over"/>.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What is shown does not change any more.</summary>
    public void Over() => IsOver = true;

    /// <summary>A line for people; programs that asked for JSON get none.</summary>
    public void Line(string text)
    {
        if (!json) console.WriteLine(text);
    }

    /// <param name="columns">Heading and cell of each column; the first names the row and is shown whole, so that it can be copied into the next command. Where they have no room side by side, each row is a block of lines.</param>
    /// <param name="empty">What to tell a person when there are no rows, with what to do next.</param>
    public void Table<T>(IReadOnlyList<T> rows, string empty, params (string Heading, Func<T, string> Cell)[] columns)
    {
        if (json)
        {
            Json(rows.ToArray());
            return;
        }
        if (rows.Count == 0)
        {
            console.WriteLine(empty);
            return;
        }
        var texts = columns.Select((column, i) => Texts(column.Heading, rows.Select(column.Cell), isFirst: i == 0)).ToArray();
        if (TableRoom.Widths(texts, console.Profile.Width) is not { } widths)
        {
            Blocks(rows, columns);
            return;
        }
        var table = new Table().Border(TableBorder.Simple);
        foreach (var (column, width) in columns.Zip(widths)) table.AddColumn(new TableColumn(Markup.Escape(column.Heading)).Width(width));
        foreach (var row in rows) table.AddRow(columns.Select(column => new Text(column.Cell(row))));
        console.Write(table);
    }

    /// <summary>As <see cref="Table"/>, of something that the API does not have as a bare list.</summary>
    /// <param name="page">What programs get.</param>
    public void Page<TPage, T>(TPage page, IReadOnlyList<T> rows, string empty, params (string Heading, Func<T, string> Cell)[] columns)
    {
        if (json) Json(page);
        else Table(rows, empty, columns);
    }

    /// <param name="lines">Name and value of each line, for people.</param>
    public void One<T>(T value, params (string Name, string? Value)[] lines)
    {
        if (json)
        {
            Json(value);
            return;
        }
        Lines(lines.Where(line => line.Value is not null).Select(line => (line.Name, line.Value!)));
    }

    /// <param name="text">For people, as it is: lines are not wrapped.</param>
    public void Text<T>(T value, string text)
    {
        if (json) Json(value);
        else Programs.Write(text);
    }

    // Where the terminal is narrow the long ones give way: half a number, or none, helps nobody.
    private static (IReadOnlyList<string> Texts, bool Breaks) Texts(string heading, IEnumerable<string> cells, bool isFirst)
    {
        string[] texts = [heading, .. cells];
        return (texts, Breaks: texts.Max(text => text.Length) > (isFirst ? WidestName : WidestKept));
    }

    /// <summary>Rows as blocks of lines, where they have no room side by side.</summary>
    private void Blocks<T>(IReadOnlyList<T> rows, (string Heading, Func<T, string> Cell)[] columns)
    {
        foreach (var row in rows)
        {
            console.WriteLine();
            Lines(columns.Select(column => (column.Heading, column.Cell(row))));
        }
    }

    private void Lines(IEnumerable<(string Name, string Text)> lines)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (var (name, text) in lines) grid.AddRow(new Text(name), new Text(text));
        console.Write(grid);
    }

    private void Json<T>(T value)
    {
        JsonSerializerOptions options = OneLine ? ContractsJson.Default.Options : Indented;
        Programs.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T))));
    }
}
