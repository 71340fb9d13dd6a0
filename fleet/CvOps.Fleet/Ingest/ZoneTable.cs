using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Ingest;

/// <summary>What cameras counted in their zones and over their lines: a row a report.</summary>
internal static class ZoneTable
{
    public static void Insert(DbConnection connection, ZoneReport report) => connection.Execute(
        "INSERT INTO zone_reports (device, camera, until, frames, body) VALUES (@Device, @Camera, @Until, @Frames, @Body)",
        new { Device = report.Origin.Device.Value, Camera = report.Camera.Value, Until = SqlTime.Of(report.To), report.Frames, Body = JsonSerializer.Serialize(report, ContractsJson.Default.ZoneReport) });

    /// <returns>A device's reports that end after a time, oldest first.</returns>
    public static ZoneReport[] Read(DbConnection connection, DeviceId device, DateTimeOffset since, int limit) =>
        [.. connection.Query<string>("SELECT body FROM zone_reports WHERE device = @Device AND until > @Since ORDER BY cursor DESC LIMIT @limit", new { Device = device.Value, Since = SqlTime.Of(since), limit })
            .Select(body => JsonSerializer.Deserialize(body, ContractsJson.Default.ZoneReport)!).Reverse()];
}
