using System.Text;
using CvOps.Fleet.Storage;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// One prepared statement for a transaction, on SQLite's own interface: through parameter objects the same row costs three times as much.
/// </summary>
internal sealed class SqliteInspectionInsert : InspectionInsert
{
    /// <summary>A text up to this length is encoded on the stack.</summary>
    private const int ShortText = 256;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteInspectionInsert(SqliteConnection connection)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, $"INSERT INTO inspections ({Columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", out _statement));
    }

    public override void Run(Inspection inspection, long now)
    {
        Text(1, inspection.Origin.Device.Value);
        Text(2, inspection.Camera.Value);
        Text(3, inspection.Part);
        Check(raw.sqlite3_bind_int64(_statement, 4, inspection.Frame));
        Check(raw.sqlite3_bind_int64(_statement, 5, inspection.Connection));
        Check(raw.sqlite3_bind_int64(_statement, 6, SqlTime.Of(inspection.CapturedAt)));
        Text(7, inspection.Model.Digest);
        Text(8, inspection.Model.Version);
        Text(9, inspection.Class);
        Check(raw.sqlite3_bind_double(_statement, 10, inspection.Confidence));
        Text(11, inspection.Shadow?.Model);
        Text(12, inspection.Shadow?.Class);
        Text(13, inspection.Error);
        Check(inspection.Detections.IsEmpty ? raw.sqlite3_bind_null(_statement, 14) : raw.sqlite3_bind_text(_statement, 14, inspection.Detections.Span));
        Check(raw.sqlite3_bind_int64(_statement, 15, now));
        Number(16, inspection.Reject ? 1 : 0);
        Number(17, inspection.LatencyUs);
        Number(18, inspection.Shadow is { } shadow ? shadow.Reject ? 1 : 0 : null);
        Check(inspection.Shadow is null ? raw.sqlite3_bind_null(_statement, 19) : raw.sqlite3_bind_double(_statement, 19, inspection.Shadow.Confidence));
        var result = raw.sqlite3_step(_statement);
        // Says the same as the step; ready for the next row, failed or not.
        _ = raw.sqlite3_reset(_statement);
        if (result != raw.SQLITE_DONE) SqliteException.ThrowExceptionForRC(result, _database);
    }

    public override void Flush()
    {
        // Each row is there already.
    }

    public override void Dispose() => _statement.Dispose();

    private void Number(int column, long? value) => Check(value is { } number ? raw.sqlite3_bind_int64(_statement, column, number) : raw.sqlite3_bind_null(_statement, column));

    private void Text(int column, string? text)
    {
        if (text is null)
        {
            Check(raw.sqlite3_bind_null(_statement, column));
            return;
        }
        if (text.Length == 0)
        {
            // An empty span would become null.
            Check(raw.sqlite3_bind_text(_statement, column, text));
            return;
        }
        if (text.Length > ShortText)
        {
            Check(raw.sqlite3_bind_text(_statement, column, Encoding.UTF8.GetBytes(text).AsSpan()));
            return;
        }
        Span<byte> bytes = stackalloc byte[3 * ShortText];
        Check(raw.sqlite3_bind_text(_statement, column, bytes[..Encoding.UTF8.GetBytes(text, bytes)]));
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, _database);
}
