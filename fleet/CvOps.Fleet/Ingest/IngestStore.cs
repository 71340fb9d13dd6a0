using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Observability;
using CvOps.Fleet.Retention.Erasure;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Applies many messages in one transaction: the rows and the marks of what was applied become durable together or not at all,
/// so each (device, boot, stream, sequence) has its effect once.
/// </summary>
internal sealed class IngestStore(Database database, BlobStore blobs, ProfileCache profiles, TwinStore twins, RolloutSignals rollouts, FleetCounters counters, IOptions<FleetOptions> options, TimeProvider time)
{
    private const int DeadPayloadBytes = 64 * 1024;

    public async Task ApplyAsync(IReadOnlyList<Message> messages, CancellationToken cancel)
    {
        var beside = await PrepareAsync(messages);
        Tell(await database.WriteAsync(connection => Apply(connection, messages, beside), cancel));
    }

    /// <summary>Applies a message that was set aside, in one transaction with taking the letter away.</summary>
    /// <returns>False when the letter is not there any more.</returns>
    public async Task<bool> ApplyLetterAsync(long row, Message message, Action<DbConnection> note, CancellationToken cancel)
    {
        var beside = await PrepareAsync([message]);
        var applied = await database.WriteAsync(connection =>
        {
            if (connection.Execute("DELETE FROM dead_letters WHERE row = @row", new { row }) == 0) return null;
            note(connection);
            // A letter was never applied, however far its device has come since: only its own row says whether it was.
            return Apply(connection, [message], beside, isLetter: true);
        }, cancel);
        if (applied is null) return false;
        Tell(applied);
        return true;
    }

    public async Task SetAsideAsync(Message message, string reason, CancellationToken cancel)
    {
        await database.WriteAsync(connection => SetAside(connection, message, reason, SqlTime.Of(time.GetUtcNow())), cancel);
        counters.Applied([], refused: 1);
    }

    private async Task<Beside[]> PrepareAsync(IReadOnlyList<Message> messages)
    {
        var beside = new Beside[messages.Count];
        for (var i = 0; i < beside.Length; i++)
        {
            beside[i] = messages[i].Body switch
            {
                // Pictures first: a blob without a row is forgotten, a row without its blob would be a lie.
                SampledFrame { IsPreview: false } frame => new Beside(blobs.Put(frame.Jpeg), null),
                DriftWindow window => new Beside(null, await profiles.Find(window.Model.Digest)),
                _ => default,
            };
        }
        return beside;
    }

    private void Tell(Applied applied)
    {
        foreach (var change in applied.Twins) twins.Apply(change);
        rollouts.Mark(applied.Rollouts);
        counters.Applied(applied.Devices.Select(device => (device.Site, device.Tally)), applied.SetAside);
    }

    private Applied Apply(DbConnection connection, IReadOnlyList<Message> messages, Beside[] beside, bool isLetter = false)
    {
        var at = time.GetUtcNow();
        var now = SqlTime.Of(at);
        var devices = new Dictionary<DeviceId, DeviceBatch>();
        var (inspections, windows, zones, dead) = (0, 0, 0, 0);
        using var insert = InspectionInsert.On(connection);
        using var rows = new DeviceRows(connection);
        using var running = RolloutBatch.Begin(connection, at);
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            if (message.Reason is { } reason) { dead += SetAside(connection, message, reason, now); continue; }
            if (message is not { Topic: { } topic, Body: { } body } || body is CommandResponse) continue;
            if (!devices.TryGetValue(topic.Device, out var device)) devices.Add(topic.Device, device = new DeviceBatch(rows, topic, at));
            if (body is ITelemetry telemetry && !device.IsNew(telemetry.Origin) && !isLetter) continue;
            if (body is ITelemetry or DeviceStatus && !isLetter) device.Hear(body as DeviceStatus);
            switch (body)
            {
                case Inspection inspection:
                    insert.Run(inspection, now);
                    device.Count(inspection);
                    running?.Count(inspection);
                    inspections++;
                    break;
                case DeviceHealth health:
                    if (device.Take(health) is { } restarted) running?.Count(health, restarted);
                    break;
                case TwinReported reported:
                    device.Take(reported);
                    running?.Report(topic.Device, reported);
                    break;
                case DriftWindow window:
                    InsertWindow(connection, window);
                    device.Take(window, beside[i].Profile);
                    if (beside[i].Profile is not null) running?.Count(window);
                    windows++;
                    break;
                case ZoneReport zone:
                    ZoneTable.Insert(connection, zone);
                    zones++;
                    break;
                case SampledFrame { IsPreview: false } frame:
                    if (!FrameTable.Insert(connection, FrameStore.ViewOf(frame, beside[i].Image!), at))
                        dead += SetAside(connection, message with { Payload = default }, ErasureTable.Holds(connection, frame.FrameId, beside[i].Image!)
                            ? $"Frame '{frame.FrameId}', or another with its picture, was erased; it is not taken in again."
                            : $"There is a frame '{frame.FrameId}' already; frame ids are unique in the fleet.", now);
                    break;
            }
        }
        insert.Flush();
        TwinChange[] changes = [.. devices.Values.Select(device => device.Save())];
        if (inspections > 0) CountDay(connection, at, inspections);
        if (inspections > 0) Trim(connection, "inspections", "cursor", options.Value.InspectionsKept);
        if (windows > 0) Trim(connection, "drift_windows", "cursor", options.Value.DriftWindowsKept);
        if (zones > 0) Trim(connection, "zone_reports", "cursor", options.Value.ZoneReportsKept);
        if (dead > 0) Trim(connection, "dead_letters", "row", options.Value.DeadLettersKept);
        return new Applied(changes, running?.Save() ?? [], devices.Values, dead);
    }

    private static void InsertWindow(DbConnection connection, DriftWindow window) => connection.Execute(
        "INSERT INTO drift_windows (device, camera, model, until, frames, body) VALUES (@Device, @Camera, @Model, @Until, @Frames, @Body)",
        new
        {
            Device = window.Origin.Device.Value, Camera = window.Camera.Value, Model = window.Model.Digest, Until = SqlTime.Of(window.To), window.Frames,
            Body = JsonSerializer.Serialize(window, ContractsJson.Default.DriftWindow),
        });

    private static int SetAside(DbConnection connection, Message message, string reason, long now) => connection.Execute(
        // What is subscribed twice, and a device that says the same nonsense again and again, is one letter.
        """
        INSERT INTO dead_letters (at, topic, reason, payload, bytes) SELECT @now, @topic, @reason, @payload, @bytes
        WHERE NOT EXISTS (SELECT 1 FROM (SELECT * FROM dead_letters ORDER BY row DESC LIMIT 100) AS newest WHERE topic = @topic AND reason = @reason AND payload = @payload)
        """,
        new { now, topic = message.Name, reason, payload = message.Payload[..Math.Min(message.Payload.Length, DeadPayloadBytes)].ToArray(), bytes = message.Length });

    private static void CountDay(DbConnection connection, DateTimeOffset at, int count) => connection.Execute(
        "INSERT INTO inspections_by_day (day, count) VALUES (@day, @count) ON CONFLICT (day) DO UPDATE SET count = inspections_by_day.count + excluded.count",
        new { day = DayOf(at), count });

    /// <summary>Days since 1970, UTC.</summary>
    public static long DayOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 86_400;

    // The numbers rise without gaps that matter, so the oldest rows are found without counting.
    private static void Trim(DbConnection connection, string table, string key, long keep) =>
        connection.Execute($"DELETE FROM {table} WHERE {key} <= (SELECT max({key}) FROM {table}) - @keep", new { keep });

    /// <summary>What was found for a message before the transaction.</summary>
    private readonly record struct Beside(string? Image, ReferenceProfile? Profile);

    /// <summary>What a commit changed: whoever lives on it is told afterwards.</summary>
    private sealed record Applied(TwinChange[] Twins, IReadOnlyCollection<string> Rollouts, IReadOnlyCollection<DeviceBatch> Devices, int SetAside);
}
