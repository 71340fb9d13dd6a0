using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// Fills the store from the database after a start, while devices speak already: what came meanwhile is newer and stays. Whoever wants a list waits for it,
/// whoever wants one device is given its row.
/// </summary>
internal sealed partial class TwinLoader(Database database, TwinStore twins, TimeProvider time, ILogger<TwinLoader> log) : BackgroundService
{
    /// <summary>Rows read before they are packed, on all cores.</summary>
    private const int Rows = 2048;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var began = time.GetTimestamp();
            await database.ReadAsync(connection =>
            {
                foreach (var rows in connection.Query<Row>(
                    """
                    SELECT id, site, online, last_seen AS LastSeen, since, boot, labels, health, desired, reported, inspections, duplicates, d.body AS Drift
                    FROM devices LEFT JOIN device_drift d ON d.device = id
                    """, buffered: false).Chunk(Rows))
                {
                    stoppingToken.ThrowIfCancellationRequested();
                    Parallel.ForEach(rows, Fill);
                }
                return true;
            }, stoppingToken);
            twins.SetLoaded();
            var (devices, duration) = (twins.Count, time.GetElapsedTime(began));
            Log.Loaded(log, devices, duration);
        }
        catch (OperationCanceledException e) when (stoppingToken.IsCancellationRequested)
        {
            twins.SetFailed(e);
        }
        catch (Exception e)
        {
            twins.SetFailed(e);
            throw;
        }
    }

    private void Fill(Row row)
    {
        try
        {
            twins.Fill(new TwinChange(new DeviceId(row.Id), new SiteId(row.Site))
            {
                Online = row.Online != 0, LastSeen = row.LastSeen, Since = row.Since, Boot = row.Boot, Inspections = row.Inspections, Duplicates = row.Duplicates,
                Health = Read(row.Health, ContractsJson.Default.DeviceHealth), Reported = Read(row.Reported, ContractsJson.Default.TwinReported),
                Drift = row.Drift is null ? null : DeviceDrift.Load(row.Drift),
            }, new TwinWish(row.Desired is null ? null : Encoding.UTF8.GetBytes(row.Desired), row.Labels));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidDataException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"The row of device '{row.Id}' in the database is damaged: {e.Message} Restore a backup.", e);
        }
    }

    private static Written<T>? Read<T>(string? json, JsonTypeInfo<T> type) where T : class
    {
        if (json is null) return null;
        var bytes = Encoding.UTF8.GetBytes(json);
        return new Written<T>(JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("A document is null."), bytes);
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public string Site { get; init; } = "";
        public long Online { get; init; }
        public long LastSeen { get; init; }
        public long Since { get; init; }
        public long Boot { get; init; }
        public string Labels { get; init; } = "{}";
        public string? Health { get; init; }
        public string? Desired { get; init; }
        public string? Reported { get; init; }
        public long Inspections { get; init; }
        public long Duplicates { get; init; }
        public byte[]? Drift { get; init; }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2111, Level = LogLevel.Information, Message = "{Devices} twins are in memory after {Duration}")]
        public static partial void Loaded(ILogger logger, int devices, TimeSpan duration);
    }
}
