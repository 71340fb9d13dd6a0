using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Fleet.Api;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// Fills the store from the database after a start, while devices speak already: what came meanwhile is newer and stays. Whoever wants a list waits for it,
/// whoever wants one device is given its row.
/// </summary>
internal sealed partial class TwinLoader(Database database, TwinStore twins, TwinOutbox outbox, FleetEvents events, TimeProvider time, ILogger<TwinLoader> log) : BackgroundService
{
    /// <summary>Rows read before they are packed, on all cores.</summary>
    private const int Rows = 2048;

    private const string Columns = "id, site, online, last_seen AS LastSeen, since, boot, labels, health, desired, reported, inspections, duplicates, d.body AS Drift";
    private const string Tables = "devices LEFT JOIN device_drift d ON d.device = id";

    /// <summary>How often a shared database is asked for what others changed.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <summary>A device heard of so lately by another fleet was heard of now.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var began = time.GetTimestamp();
            var last = await database.ReadAsync(connection =>
            {
                var before = database.IsShared ? connection.ExecuteScalar<long>("SELECT coalesce(max(changed), 0) FROM devices") : 0;
                foreach (var rows in connection.Query<Row>($"SELECT {Columns}, 0 AS Changed FROM {Tables}", buffered: false).Chunk(Rows))
                {
                    stoppingToken.ThrowIfCancellationRequested();
                    Parallel.ForEach(rows, row => Fill(row));
                }
                return before;
            }, stoppingToken);
            twins.SetLoaded();
            var (devices, duration) = (twins.Count, time.GetElapsedTime(began));
            Log.Loaded(log, devices, duration);
            if (database.IsShared) await FollowAsync(last, stoppingToken);
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

    /// <summary>What other fleets on the same database took in or decided reaches this one's memory, its pages and its outbox.</summary>
    private async Task FollowAsync(long last, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Pace, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                var rows = await database.ReadAsync(connection => connection.Query<Row>($"SELECT {Columns}, changed AS Changed FROM {Tables} WHERE changed > @last ORDER BY changed LIMIT @Rows", new { last, Rows }).AsList(), stopping);
                foreach (var row in rows)
                {
                    Fill(row, follows: true);
                    events.Publish("device", row.Id);
                    last = row.Changed;
                }
                if (rows.Count > 0) outbox.Wake();
            }
            catch (Exception e) when (StorageFailure.IsStorage(e))
            {
                Log.NotFollowed(log, e.Message);
            }
        }
    }

    private void Fill(Row row, bool follows = false)
    {
        try
        {
            var saved = new TwinChange(new DeviceId(row.Id), new SiteId(row.Site))
            {
                Online = row.Online != 0, LastSeen = row.LastSeen, Since = row.Since, Boot = row.Boot, Inspections = row.Inspections, Duplicates = row.Duplicates,
                Health = Read(row.Health, ContractsJson.Default.DeviceHealth), Reported = Read(row.Reported, ContractsJson.Default.TwinReported),
                Drift = row.Drift is null ? null : DeviceDrift.Load(row.Drift), Heard = follows && time.GetUtcNow() - SqlTime.From(row.LastSeen) < Recent,
            };
            var wish = new TwinWish(row.Desired is null ? null : Encoding.UTF8.GetBytes(row.Desired), row.Labels);
            if (follows)
            {
                twins.Apply(saved);
                twins.Wish(row.Id, wish);
            }
            else
            {
                twins.Fill(saved, wish);
            }
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
        public long Changed { get; init; }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2112, Level = LogLevel.Warning, Message = "What other fleets changed cannot be read now: {Reason}")]
        public static partial void NotFollowed(ILogger logger, string reason);

        [LoggerMessage(EventId = 2111, Level = LogLevel.Information, Message = "{Devices} twins are in memory after {Duration}")]
        public static partial void Loaded(ILogger logger, int devices, TimeSpan duration);
    }
}
