using System.Data.Common;
using System.Text;
using System.Text.Json;
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
    /// <summary>Rows packed in one piece of work.</summary>
    private const int Rows = 512;

    private const string Columns = "id, site, online, last_seen, since, boot, labels, health, desired, reported, inspections, duplicates, d.body";
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
                using var all = new PreparedCommand(connection, $"SELECT {Columns}, 0 FROM {Tables}");
                using var rows = all.With().ExecuteReader();
                FillAll(rows, stoppingToken);
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
                var rows = await database.ReadAsync(connection =>
                {
                    using var changed = new PreparedCommand(connection, $"SELECT {Columns}, changed FROM {Tables} WHERE changed > @last ORDER BY changed LIMIT {Rows}", "last");
                    using var reader = changed.With(last).ExecuteReader();
                    List<Row> read = [];
                    while (reader.Read()) read.Add(RowOf(reader));
                    return read;
                }, stopping);
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

    /// <summary>While one thread reads rows, others pack those before.</summary>
    private void FillAll(DbDataReader reader, CancellationToken stopping)
    {
        var filling = new Queue<Task>();
        for (var more = true; more;)
        {
            var rows = new List<Row>(Rows);
            while (rows.Count < Rows && (more = reader.Read())) rows.Add(RowOf(reader));
            stopping.ThrowIfCancellationRequested();
            filling.Enqueue(Task.Run(() => rows.ForEach(row => Fill(row)), stopping));
            // As many as cores: more would only hold more rows.
            while (filling.Count > (more ? Environment.ProcessorCount : 0)) filling.Dequeue().GetAwaiter().GetResult();
        }
    }

    private Row RowOf(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetInt64(2) != 0, row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetString(6), Text(row, 7), Text(row, 8), Text(row, 9),
        row.GetInt64(10), row.GetInt64(11), row.IsDBNull(12) ? null : row.GetFieldValue<byte[]>(12), row.GetInt64(13));

    /// <summary>Its UTF-8, which is how SQLite keeps it: no text is made of it to be taken apart again.</summary>
    private byte[]? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : database.IsShared ? Encoding.UTF8.GetBytes(row.GetString(column)) : row.GetFieldValue<byte[]>(column);

    private void Fill(in Row row, bool follows = false)
    {
        try
        {
            var saved = new TwinChange(new DeviceId(row.Id), new SiteId(row.Site))
            {
                Online = row.Online, LastSeen = row.LastSeen, Since = row.Since, Boot = row.Boot, Inspections = row.Inspections, Duplicates = row.Duplicates,
                Health = row.Health is null ? null : new Written(TwinGlance.OfHealth(row.Health), row.Health),
                Reported = row.Reported is null ? null : new Written(TwinGlance.OfReported(row.Reported), row.Reported),
                Drift = row.Drift is null ? null : DeviceDrift.Load(row.Drift), Heard = follows && time.GetUtcNow() - SqlTime.From(row.LastSeen) < Recent,
            };
            var wish = new TwinWish(row.Desired, row.Labels);
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

    private readonly record struct Row(
        string Id, string Site, bool Online, long LastSeen, long Since, long Boot, string Labels, byte[]? Health, byte[]? Desired, byte[]? Reported, long Inspections, long Duplicates, byte[]? Drift, long Changed);

    private static partial class Log
    {
        [LoggerMessage(EventId = 2112, Level = LogLevel.Warning, Message = "What other fleets changed cannot be read now: {Reason}")]
        public static partial void NotFollowed(ILogger logger, string reason);

        [LoggerMessage(EventId = 2111, Level = LogLevel.Information, Message = "{Devices} twins are in memory after {Duration}")]
        public static partial void Loaded(ILogger logger, int devices, TimeSpan duration);
    }
}
