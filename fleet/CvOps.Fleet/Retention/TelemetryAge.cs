using System.Data.Common;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Retention;

/// <summary>Rows of telemetry that are too old, found beside the writers and deleted some thousand in a transaction, so that messages never wait long.</summary>
/// <param name="Table">Name of the table, a constant of ours.</param>
/// <param name="Key">Its rising number.</param>
/// <param name="Time">Column that says how old a row is (<see cref="SqlTime"/>).</param>
internal sealed record TelemetryAge(string Table, string Key, string Time)
{
    private const int Together = 5_000;

    public static readonly TelemetryAge Inspections = new("inspections", "cursor", "applied_at");
    public static readonly TelemetryAge DriftWindows = new("drift_windows", "cursor", "until");
    public static readonly TelemetryAge ZoneReports = new("zone_reports", "cursor", "until");
    public static readonly TelemetryAge Connections = new("device_connections", "cursor", "at");
    public static readonly TelemetryAge DeadLetters = new("dead_letters", "row", "at");

    public long Count(DbConnection connection, DateTimeOffset horizon) => connection.ExecuteScalar<long>($"SELECT count(*) FROM {Table} WHERE {Time} < @before", new { before = SqlTime.Of(horizon) });

    /// <returns>How many went.</returns>
    public async Task<long> DeleteAsync(Database database, DateTimeOffset horizon, CancellationToken cancel)
    {
        var before = SqlTime.Of(horizon);
        var went = 0L;
        // Numbers and times mostly rise together, but a device that was away says late what was long ago: a step looks at some rows by number and takes the old ones among them.
        for (long? after = long.MinValue; ;)
        {
            var (last, old) = await database.ReadAsync(connection =>
            {
                var rows = connection.Query<(long Key, long At)>($"SELECT {Key}, {Time} FROM {Table} WHERE {Key} > @after ORDER BY {Key} LIMIT @Together", new { after, Together }).AsList();
                return (rows.Count == 0 ? (long?)null : rows[^1].Key, rows.Count(row => row.At < before));
            }, cancel);
            if (last is null) return went;
            if (old > 0) went += await database.WriteAsync(connection => connection.Execute($"DELETE FROM {Table} WHERE {Key} > @after AND {Key} <= @last AND {Time} < @before", new { after, last, before }), cancel);
            after = last;
        }
    }
}
