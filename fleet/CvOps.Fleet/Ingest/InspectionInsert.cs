using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Ingest;

/// <summary>One prepared statement for the many inspections of a transaction; by far the most frequent row.</summary>
internal sealed class InspectionInsert : IDisposable
{
    private static readonly string[] Columns =
        ["device", "camera", "part", "frame", "connection", "captured_at", "model", "version", "class", "confidence", "shadow_model", "shadow_class", "error", "detections", "applied_at"];

    private readonly SqliteCommand _command;

    public InspectionInsert(SqliteConnection connection)
    {
        _command = connection.CreateCommand();
        _command.CommandText = $"INSERT INTO inspections ({string.Join(", ", Columns)}) VALUES ({string.Join(", ", Columns.Select(column => '@' + column))})";
        foreach (var column in Columns) _command.Parameters.Add(new SqliteParameter { ParameterName = '@' + column });
        _command.Prepare();
    }

    public void Run(InspectionReport report, long now)
    {
        Span<object?> values =
        [
            report.Origin.Device.Value, report.Camera.Value, report.Part, report.Frame, report.Connection, SqlTime.Of(report.CapturedAt), report.Model.Digest, report.Model.Version,
            report.Prediction.Class, double.IsFinite(report.Prediction.Confidence) ? report.Prediction.Confidence : 0.0, report.Shadow?.Model.Digest, report.Shadow?.Prediction.Class, report.Error, Boxes(report.Prediction), now,
        ];
        for (var i = 0; i < values.Length; i++) _command.Parameters[i].Value = values[i] ?? DBNull.Value;
        _command.ExecuteNonQuery();
    }

    public void Dispose() => _command.Dispose();

    /// <summary>Null for a classifier, which is most of them.</summary>
    private static string? Boxes(Prediction prediction) =>
        prediction.Detections.Count == 0 ? null : JsonSerializer.Serialize(prediction.Detections, ContractsJson.Default.IReadOnlyListDetection);
}
