using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Ingest;

/// <summary>Reads back what <see cref="IngestStore"/> wrote.</summary>
internal sealed class InspectionLog(Database database, TimeProvider time)
{
    /// <param name="device">Null for all.</param>
    /// <param name="after">Cursor of the last row seen; 0 from the oldest kept; negative for what comes from now on.</param>
    public async Task<InspectionPage> ReadAsync(string? device, long after, int limit, CancellationToken cancel)
    {
        if (after < 0) return new InspectionPage([], await database.ReadAsync(connection => connection.ExecuteScalar<long>("SELECT coalesce(max(cursor), 0) FROM inspections"), cancel));
        var rows = await database.ReadAsync(connection => connection.Query<Row>(
            $"""
             SELECT cursor, device, camera, part, frame, connection, captured_at AS CapturedAt, model, version, class, confidence,
                    shadow_model AS ShadowModel, shadow_class AS ShadowClass, error, detections
             FROM inspections WHERE {(device is null ? "" : "device = @device AND ")} cursor > @after ORDER BY cursor LIMIT @limit
             """, new { device, after, limit }).Select(row => row.View()).ToArray(), cancel);
        return new InspectionPage(rows, rows is [.., var last] ? last.Cursor : after);
    }

    /// <summary>Inspections applied since midnight UTC.</summary>
    public Task<long> TodayAsync(CancellationToken cancel) => database.ReadAsync(
        connection => connection.ExecuteScalar<long>("SELECT coalesce(sum(count), 0) FROM inspections_by_day WHERE day = @day", new { day = IngestStore.DayOf(time.GetUtcNow()) }), cancel);

    /// <summary>What a device's zone reports of the last hours add up to.</summary>
    public Task<ZoneSummary> ZonesAsync(DeviceId device, CancellationToken cancel) => database.ReadAsync(
        connection => ZoneSummary.Of(ZoneTable.Read(connection, device, time.GetUtcNow().AddHours(-ZoneSummary.Hours), ZoneSummary.MostReports)), cancel);

    private sealed class Row
    {
        public long Cursor { get; init; }
        public string Device { get; init; } = "";
        public string Camera { get; init; } = "";
        public string? Part { get; init; }
        public long Frame { get; init; }
        public int Connection { get; init; }
        public long CapturedAt { get; init; }
        public string Model { get; init; } = "";
        public string Version { get; init; } = "";
        public string? Class { get; init; }
        public double Confidence { get; init; }
        public string? ShadowModel { get; init; }
        public string? ShadowClass { get; init; }
        public string? Error { get; init; }
        public string? Detections { get; init; }

        public InspectionRow View() => new(
            Cursor, new DeviceId(Device), new CameraId(Camera), Part, Frame, Connection, SqlTime.From(CapturedAt), Model, Version, Class, Confidence, ShadowModel, ShadowClass, Error,
            Detections is null ? null : JsonSerializer.Deserialize(Detections, ContractsJson.Default.IReadOnlyListDetection));
    }
}
