using System.Data.Common;
using System.Text;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Ingest;

/// <summary>PostgreSQL's way: an array a column and one statement for all rows, so that a transaction costs one round trip however many they are.</summary>
internal sealed class ArrayInspectionInsert(DbConnection connection) : InspectionInsert
{
    private const string Statement = $"""
        INSERT INTO inspections ({Columns})
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::double precision[],
                             $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[],
                             $16::bigint[], $17::bigint[], $18::bigint[], $19::double precision[])
        """;

    private readonly List<Inspection> _rows = [];
    private long _now;

    public override void Run(Inspection inspection, long now)
    {
        _now = now;
        _rows.Add(inspection);
    }

    public override void Flush()
    {
        if (_rows.Count == 0) return;
        using var command = connection.CreateCommand();
        command.CommandText = Statement;
        Add(command, row => row.Origin.Device.Value);
        Add(command, row => row.Camera.Value);
        Add(command, row => row.Part);
        Add(command, row => row.Frame);
        Add(command, row => (long)row.Connection);
        Add(command, row => SqlTime.Of(row.CapturedAt));
        Add(command, row => row.Model.Digest);
        Add(command, row => row.Model.Version);
        Add(command, row => row.Class);
        Add(command, row => row.Confidence);
        Add(command, row => row.Shadow?.Model);
        Add(command, row => row.Shadow?.Class);
        Add(command, row => row.Error);
        Add(command, row => row.Detections.IsEmpty ? null : Encoding.UTF8.GetString(row.Detections.Span));
        Add(command, _ => _now);
        Add(command, row => row.Reject ? 1L : 0L);
        Add(command, row => row.LatencyUs);
        Add(command, row => row.Shadow is { } shadow ? shadow.Reject ? 1L : 0L : (long?)null);
        Add(command, row => row.Shadow?.Confidence);
        command.ExecuteNonQuery();
        _rows.Clear();
    }

    public override void Dispose() => _rows.Clear();

    private void Add<T>(DbCommand command, Func<Inspection, T> column)
    {
        var parameter = command.CreateParameter();
        parameter.Value = _rows.Select(column).ToArray();
        command.Parameters.Add(parameter);
    }
}
