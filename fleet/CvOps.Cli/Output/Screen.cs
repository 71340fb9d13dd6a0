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

    /// <summary>A line for people; programs that asked for JSON get none.</summary>
    public void Line(string text)
    {
        if (!json) console.WriteLine(text);
    }

    /// <param name="columns">Heading and cell of each column; the first names the row and is shown whole, so that it can be copied into the next command.</param>
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
        var table = new Table().Border(TableBorder.Simple);
        foreach (var (heading, cell) in columns)
        {
            var widest = Math.Max(heading.Length, rows.Max(row => cell(row).Length));
            var column = new TableColumn(Markup.Escape(heading));
            // Where the terminal is narrow the long ones give way: half a number, or none, helps nobody.
            if (table.Columns.Count == 0 && widest <= WidestName) column.Width(widest);
            table.AddColumn(widest <= WidestKept || column.Width is not null ? column.NoWrap() : column);
        }
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
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (var (name, text) in lines.Where(line => line.Value is not null)) grid.AddRow(new Text(name), new Text(text!));
        console.Write(grid);
    }

    // Console.Out and not the ANSI console: that one wraps lines at the terminal's width, which breaks JSON for programs.
    private static void Json<T>(T value) => System.Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Indented.GetTypeInfo(typeof(T))));
}
