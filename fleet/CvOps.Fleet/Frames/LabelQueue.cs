using System.Data.Common;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <param name="After">Cursor of the last page; null for the first.</param>
internal sealed record FrameQuery(LabelState? State, string? Device, string? Rule, string? After, int Limit);

/// <summary>
/// Pages of frames. Those that wait come by what their label is worth: first where the models of a running rollout disagree,
/// then where any two models disagree, both by lot (<see cref="JudgementLot"/>), then the least certain. All others come newest first.
/// </summary>
internal sealed class LabelQueue(Database database)
{
    // A rollout runs on a model while a device has it on trial.
    private const string Rank = """
        CASE WHEN disagrees = 1 AND (model IN (SELECT trial FROM trials) OR shadow_model IN (SELECT trial FROM trials)) THEN 2 ELSE disagrees END
        """;

    private const string Queue = $"""
        WITH trials AS (SELECT DISTINCT trial FROM devices WHERE trial IS NOT NULL),
             queue AS (SELECT row, body, {Rank} AS rank, uncertainty FROM frames
                       WHERE state = @State AND (@Device IS NULL OR device = @Device) AND (@Rule IS NULL OR rules LIKE '%,' || @Rule || ',%'))
        SELECT row, rank, uncertainty, body FROM queue WHERE @Rank IS NULL OR (rank, uncertainty, 0 - row) < (@Rank, @Uncertainty, 0 - @Row)
        ORDER BY rank DESC, uncertainty DESC, row LIMIT @Limit
        """;

    private const string Newest = """
        SELECT row, disagrees AS rank, uncertainty, body FROM frames
        WHERE (@State IS NULL OR state = @State) AND (@Device IS NULL OR device = @Device) AND (@Rule IS NULL OR rules LIKE '%,' || @Rule || ',%')
          AND (@Row IS NULL OR row < @Row) ORDER BY row DESC LIMIT @Limit
        """;

    /// <exception cref="FormatException">The cursor is none of ours.</exception>
    public Task<FramePage> PageAsync(FrameQuery query, CancellationToken cancel)
    {
        var after = Cursor.Parse(query.After);
        return database.ReadAsync(connection => Page(connection, query, after), cancel);
    }

    private static FramePage Page(DbConnection connection, FrameQuery query, Cursor? after)
    {
        var rows = connection.Query<(long Row, long Rank, double Uncertainty, string Body)>(query.State == LabelState.Unlabelled ? Queue : Newest, new
        {
            State = (int?)query.State, query.Device, query.Rule, query.Limit, after?.Rank, after?.Uncertainty, after?.Row,
        }).AsList();
        var counts = connection.Query<(long State, long Count)>("SELECT state, count(*) FROM frames GROUP BY state").ToDictionary(c => (LabelState)c.State, c => (int)c.Count);
        return new FramePage(
            [.. rows.Select(row => FrameTable.Parse(row.Body))], counts.GetValueOrDefault(LabelState.Unlabelled), counts.GetValueOrDefault(LabelState.Labelled),
            rows.Count == query.Limit ? new Cursor(rows[^1].Rank, rows[^1].Uncertainty, rows[^1].Row).ToString() : null);
    }

    private sealed record Cursor(long Rank, double Uncertainty, long Row)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rank}_{BitConverter.DoubleToInt64Bits(Uncertainty)}_{Row}");

        public static Cursor? Parse(string? text)
        {
            if (text is null) return null;
            var parts = text.Split('_');
            if (parts.Length == 3 && long.TryParse(parts[0], CultureInfo.InvariantCulture, out var rank)
                && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var bits) && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var row))
                return new Cursor(rank, BitConverter.Int64BitsToDouble(bits), row);
            throw new FormatException($"'{text}' is no cursor of a frame page: pass on what 'next' held, or leave 'after' out.");
        }
    }
}
