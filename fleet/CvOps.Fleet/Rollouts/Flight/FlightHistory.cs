using CvOps.Contracts;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>One recorded inspection, as far as a replay needs it.</summary>
/// <param name="Confidence">Fixed point, see <see cref="ArmCounts.ConfidenceUnit"/>.</param>
/// <param name="Shadowed">The challenger saw it too; then <paramref name="Differs"/> and <paramref name="ShadowConfidence"/> are its.</param>
internal readonly record struct RecordedPart(DateTimeOffset At, bool Error, int Confidence, bool Shadowed, bool Differs, int ShadowConfidence);

/// <summary>Recorded inspections by device, each in the order of their time.</summary>
/// <param name="Cut">More was recorded than is replayed: the oldest is left out.</param>
internal sealed record FlightHistory(IReadOnlyDictionary<string, RecordedPart[]> Devices, bool Cut)
{
    public long Parts { get; } = Devices.Values.Sum(parts => (long)parts.Length);

    public DateTimeOffset From { get; } = Devices.Values.Where(parts => parts.Length > 0).Select(parts => parts[0].At).DefaultIfEmpty().Min();

    public DateTimeOffset To { get; } = Devices.Values.Where(parts => parts.Length > 0).Select(parts => parts[^1].At).DefaultIfEmpty().Max();
}

internal sealed class FlightRecorder(Database database)
{
    /// <summary>Most inspections that are replayed, the newest: a hundred megabytes.</summary>
    private const int Most = 2_000_000;

    /// <param name="challenger">Digest of the model whose shadow answers count.</param>
    public Task<FlightHistory> ReadAsync(IReadOnlySet<DeviceId> devices, DateTimeOffset since, string challenger, CancellationToken cancel) => database.ReadAsync(connection =>
    {
        var parts = new Dictionary<string, List<RecordedPart>>();
        var rows = connection.Query<(string Device, long At, string? Class, double Confidence, string? Shadow, string? ShadowClass, string? Error)>(
            """
            SELECT device, captured_at, class, confidence, shadow_model, shadow_class, error FROM inspections
            WHERE cursor > (SELECT coalesce(max(cursor), 0) FROM inspections) - @Most AND captured_at >= @Since
            """, new { Most, Since = SqlTime.Of(since) }, buffered: false);
        var known = devices.Select(device => device.Value).ToHashSet();
        foreach (var row in rows.Where(row => known.Contains(row.Device)))
        {
            if (!parts.TryGetValue(row.Device, out var mine)) parts[row.Device] = mine = [];
            var shadowed = row.Shadow == challenger && row.Error is null;
            mine.Add(new RecordedPart(SqlTime.From(row.At), row.Error is not null, (int)ArmCounts.Fixed(row.Confidence), shadowed, shadowed && row.Class != row.ShadowClass, (int)ArmCounts.Fixed(row.Confidence)));
        }
        var cut = connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM inspections WHERE cursor <= (SELECT coalesce(max(cursor), 0) FROM inspections) - @Most AND captured_at >= @Since)",
            new { Most, Since = SqlTime.Of(since) });
        return new FlightHistory(parts.ToDictionary(device => device.Key, device => device.Value.OrderBy(part => part.At).ToArray()), cut);
    }, cancel);
}
