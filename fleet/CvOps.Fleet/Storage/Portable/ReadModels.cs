using System.Data.Common;
using System.Text.RegularExpressions;
using Dapper;

namespace CvOps.Fleet.Storage.Portable;

/// <summary>The read models' rows, out of one database and into another; the tables are those of <see cref="Migrations"/>, in the order they were made.</summary>
internal static partial class ReadModels
{
    /// <summary>Who is connected to the broker just now goes nowhere else.</summary>
    private const string Seats = "ingest_seats";

    /// <summary>What a shared database numbers for itself.</summary>
    private const string Changed = "changed";

    public static string[] Tables { get; } = [.. Table().Matches(Migrations.Text(Dialect.Sqlite)).Select(match => match.Groups["name"].Value).Where(name => name != Seats)];

    public static bool AreEmpty(DbConnection connection) => !Tables.Any(table => connection.ExecuteScalar<long>($"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1) AS any_row") > 0);

    /// <param name="connection">Its reads see one moment.</param>
    public static void Export(DbConnection connection, PortableFile.Writer file)
    {
        foreach (var table in Tables)
        {
            using var rows = connection.ExecuteReader($"SELECT * FROM {table}");
            var columns = Enumerable.Range(0, rows.FieldCount).Where(column => rows.GetName(column) != Changed).ToArray();
            file.Table(table, columns.Select(rows.GetName));
            while (rows.Read()) file.Row(columns.Select(column => rows.IsDBNull(column) ? null : rows.GetValue(column)));
        }
    }

    /// <param name="connection">In a transaction.</param>
    /// <returns>Takes the rows of the table.</returns>
    /// <exception cref="PortableFileException">There is no such table or column here.</exception>
    public static Action<object?[]> Import(DbConnection connection, string table, string[] columns)
    {
        if (!Tables.Contains(table) || !columns.All(column => Name().IsMatch(column))) throw new PortableFileException($"The file has a table '{table}' that this fleet does not know.");
        var insert = connection.CreateCommand();
        insert.CommandText = $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select((_, i) => $"@p{i}"))})";
        return values =>
        {
            if (values.Length != columns.Length) throw new PortableFileException($"A row of {table} has {values.Length} values, not {columns.Length}.");
            insert.Parameters.Clear();
            for (var i = 0; i < values.Length; i++)
            {
                var parameter = insert.CreateParameter();
                (parameter.ParameterName, parameter.Value) = ($"@p{i}", values[i] ?? DBNull.Value);
                insert.Parameters.Add(parameter);
            }
            insert.ExecuteNonQuery();
        };
    }

    /// <summary>After an import: numbers go on above those that came, where the database does not see to that itself.</summary>
    public static void GoOnCounting(DbConnection connection, Database database)
    {
        if (!database.IsShared) return;
        foreach (Match match in Numbered().Matches(Migrations.Text(Dialect.Sqlite)))
        {
            var (table, column) = (match.Groups["table"].Value, match.Groups["column"].Value);
            connection.Execute($"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT coalesce(max({column}), 0) + 1 FROM {table}), false)");
        }
    }

    /// <summary>Rows of each table as they are now.</summary>
    public static Dictionary<string, long> Count(DbConnection connection) => Tables.ToDictionary(table => table, table => connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}"));

    [GeneratedRegex(@"\bCREATE TABLE (?<name>\w+)")]
    private static partial Regex Table();

    [GeneratedRegex(@"\bCREATE TABLE (?<table>\w+) \(\s*(?<column>\w+) INTEGER PRIMARY KEY AUTOINCREMENT")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^\w+$")]
    private static partial Regex Name();
}
