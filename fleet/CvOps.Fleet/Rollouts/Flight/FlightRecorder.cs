using System.Runtime.CompilerServices;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>Reads what the fleet has recorded, a page at a time: each page is a short read beside whoever writes.</summary>
internal sealed class FlightRecorder(Database database)
{
    /// <summary>An agent's default; how often each really did is not recorded.</summary>
    public static readonly TimeSpan HealthEvery = TimeSpan.FromSeconds(5);

    private const int PageRows = 100_000;

    /// <param name="challenger">Digest of the plan's model; null for a configuration.</param>
    /// <returns>How much has been read so far, and at last the history with all of it.</returns>
    public async IAsyncEnumerable<(long Read, long Of, FlightHistory? History)> ReadAsync(IReadOnlySet<DeviceId> devices, DateTimeOffset since, string? challenger, TimeSpan step, [EnumeratorCancellation] CancellationToken cancel)
    {
        var builder = new FlightHistoryBuilder(step);
        var limits = await LimitsAsync(devices, cancel);
        var (first, last) = await database.ReadAsync(connection => connection.QuerySingle<(long First, long Last)>("SELECT coalesce(min(cursor), 0), coalesce(max(cursor), 0) FROM inspections"), cancel);
        for (var after = first - 1; after < last; after += PageRows)
        {
            yield return (after - first + 1, last - first + 1, null);
            var from = after;
            await database.ReadAsync(connection => Take(connection.Query<Row>(
                """
                SELECT device, captured_at AS At, model, class, confidence, error, rejects, latency_us AS LatencyUs, shadow_model AS ShadowModel, shadow_class AS ShadowClass,
                       shadow_rejects AS ShadowRejects, shadow_confidence AS ShadowConfidence
                FROM inspections WHERE cursor > @from AND cursor <= @until AND captured_at >= @Since
                """, new { from, until = Math.Min(last, from + PageRows), Since = SqlTime.Of(since) }, buffered: false), limits, challenger, builder), cancel);
        }
        await BesideAsync(builder, limits.Keys.ToHashSet(), since, cancel);
        yield return (last - first + 1, last - first + 1, builder.Build(HealthEvery));
    }

    private static int Take(IEnumerable<Row> rows, Dictionary<string, long?> limits, string? challenger, FlightHistoryBuilder builder)
    {
        var taken = 0;
        foreach (var row in rows)
        {
            if (!limits.TryGetValue(row.Device, out var slowOver)) continue;
            builder.Add(row.Device, SqlTime.From(row.At), row.Part.Count(challenger, slowOver, builder.Seen));
            taken++;
        }
        return taken;
    }

    /// <returns>By device, from when a frame would count as slow in a rollout that began now.</returns>
    private Task<Dictionary<string, long?>> LimitsAsync(IReadOnlySet<DeviceId> devices, CancellationToken cancel) => database.ReadAsync(connection => connection
        .Query<(string Id, string? Health)>("SELECT id, health FROM devices", buffered: false).Where(row => devices.Contains(new DeviceId(row.Id)))
        .ToDictionary(row => row.Id, row => CountLimits.Freeze(row.Health is null ? null : JsonSerializer.Deserialize(row.Health, ContractsJson.Default.DeviceHealth)).SlowOver), cancel);

    /// <summary>Drift windows with their alarms, and restarts, of devices that inspected something.</summary>
    private Task<int> BesideAsync(FlightHistoryBuilder builder, HashSet<string> devices, DateTimeOffset since, CancellationToken cancel) => database.ReadAsync(connection =>
    {
        var from = SqlTime.Of(since);
        var (window, alarm, restart) = (default(FlightCounts), default(FlightCounts), default(FlightCounts));
        (window[FlightCounter.Windows], alarm[FlightCounter.DriftedWindows], restart[FlightCounter.Restarts]) = (1, 1, 1);
        foreach (var (device, until) in connection.Query<(string Device, long Until)>("SELECT device, until FROM drift_windows WHERE until >= @from", new { from }, buffered: false))
            if (devices.Contains(device) && builder.AddBeside(device, SqlTime.From(until), window)) builder.Seen.Windows++;
        foreach (var (subject, at) in connection.Query<(string Subject, long At)>("SELECT subject, at FROM audit WHERE action = 'drift.alarm' AND at >= @from", new { from }, buffered: false))
            if (subject.Split('/')[0] is var device && devices.Contains(device) && builder.AddBeside(device, SqlTime.From(at), alarm)) builder.Seen.Alarms++;
        var boots = new Dictionary<string, long>();
        foreach (var (device, at, boot) in connection.Query<(string Device, long At, long Boot)>("SELECT device, at, boot FROM device_connections ORDER BY cursor", buffered: false))
        {
            if (boot == 0 || !devices.Contains(device)) continue;
            var restarted = boots.TryGetValue(device, out var before) && boot > before;
            boots[device] = boot;
            if (restarted && at >= from && builder.AddBeside(device, SqlTime.From(at), restart)) builder.Seen.Restarts++;
        }
        return 0;
    }, cancel);

    private sealed class Row
    {
        public string Device { get; init; } = "";
        public long At { get; init; }
        public string Model { get; init; } = "";
        public string? Class { get; init; }
        public double Confidence { get; init; }
        public string? Error { get; init; }
        public long? Rejects { get; init; }
        public long? LatencyUs { get; init; }
        public string? ShadowModel { get; init; }
        public string? ShadowClass { get; init; }
        public long? ShadowRejects { get; init; }
        public double? ShadowConfidence { get; init; }

        public RecordedPart Part => new(Model, Class, Confidence, Error, Rejects, LatencyUs, ShadowModel, ShadowClass, ShadowRejects, ShadowConfidence);
    }
}
