using System.Data.Common;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames.Queue;

/// <param name="After">Cursor of the last page; null for the first.</param>
/// <param name="For">An annotator: frames that this person has judged are left out of the queue. Null for nobody.</param>
internal sealed record FrameQuery(FrameFilter Filter, FrameOrder Order, string? After, int Limit, string? For = null)
{
    /// <summary>Frames that wait come by value where nothing else is said and the queue's index knows all that is asked for.</summary>
    public static FrameQuery Of(FrameFilter filter, FrameOrder? order, string? after, int limit) =>
        new(filter, order ?? (filter.State == LabelState.Unlabelled && filter.IsOfQueue ? FrameOrder.Value : FrameOrder.Newest), after, limit);

    /// <summary>The queue's beginning.</summary>
    public static FrameQuery Waiting(int limit) => new(new FrameFilter { State = LabelState.Unlabelled }, FrameOrder.Value, null, limit);
}

/// <summary>
/// Pages of frames. Those that wait come by what their label is worth: first where the models of a running rollout disagree, then where any two models disagree,
/// both by lot (<see cref="JudgementLot"/>), then by expected value with every camera in its turn (<see cref="FairFrames"/>). All others come newest first.
/// </summary>
internal sealed class LabelQueue(Database database)
{
    private const string Trials = "WITH trials AS (SELECT DISTINCT trial FROM devices WHERE trial IS NOT NULL) ";

    // A rollout runs on a model while a device has it on trial.
    private const string OnTrial = "(coalesce(model, '') IN (SELECT trial FROM trials) OR coalesce(shadow_model, '') IN (SELECT trial FROM trials))";

    /// <exception cref="FormatException">The cursor is none of ours.</exception>
    public Task<FramePage> PageAsync(FrameQuery query, CancellationToken cancel)
    {
        var after = Parse(query.After);
        return database.ReadAsync(connection => Page(connection, query, after), cancel);
    }

    private static FramePage Page(DbConnection connection, FrameQuery query, QueuePlace? after)
    {
        var (frames, next) = query.Order == FrameOrder.Value ? Valued(connection, query, after) : Newest(connection, query, after);
        var counts = FrameTally.States(connection);
        return new FramePage(frames, (int)counts.GetValueOrDefault(LabelState.Unlabelled), (int)counts.GetValueOrDefault(LabelState.Labelled), frames.Count == query.Limit ? next : null);
    }

    private static (IReadOnlyList<FrameView>, string?) Newest(DbConnection connection, FrameQuery query, QueuePlace? after)
    {
        var rows = FrameSearch.Page(connection, query.Filter, after?.Row, query.Limit);
        return ([.. rows.Select(row => FrameTable.Parse(row.Body))], rows.Length == 0 ? null : Text(new QueuePlace(0, 0, rows[^1].Row)));
    }

    private static (IReadOnlyList<FrameView>, string?) Valued(DbConnection connection, FrameQuery query, QueuePlace? after)
    {
        var places = new List<QueuePlace>(query.Limit);
        for (var rank = after?.Rank ?? 2; rank > 0 && places.Count < query.Limit; rank--) places.AddRange(Disputed(connection, query, rank, after?.Rank == rank ? after : null, query.Limit - places.Count));
        if (places.Count < query.Limit)
            places.AddRange(new FairFrames(connection, query.Filter, query.For).Read().Where(place => after is not { Rank: 0 } || place.IsBehind(after.Value)).Take(query.Limit - places.Count));
        var frames = places.Select(place => connection.QuerySingleOrDefault<string>("SELECT body FROM frames WHERE row = @Row", new { place.Row })).OfType<string>().Select(FrameTable.Parse).ToArray();
        return (frames, places.Count == 0 ? null : Text(places[^1]));
    }

    private static IEnumerable<QueuePlace> Disputed(DbConnection connection, FrameQuery query, long rank, QueuePlace? after, int limit)
    {
        var filter = query.Filter;
        var narrowed = (after is null ? "" : " AND (worth < @Order OR (worth = @Order AND row > @Row))") + (filter.Device is null ? "" : " AND device = @Device") + (filter.Camera is null ? "" : " AND camera = @Camera");
        return connection.Query<(long Row, double Worth)>(
            $"{Trials}SELECT row, worth FROM frames WHERE {QueueSql.Waiting} AND disagrees = 1 AND {(rank == 2 ? "" : "NOT ")}{OnTrial}{narrowed}{QueueSql.Narrowed(filter, query.For)} ORDER BY worth DESC, row LIMIT @limit",
            new { after?.Order, after?.Row, filter.Device, filter.Camera, filter.Model, Rule = QueueSql.Rule(filter), By = query.For, limit })
            .Select(row => new QueuePlace(rank, row.Worth, row.Row));
    }

    private static string Text(QueuePlace place) => string.Create(CultureInfo.InvariantCulture, $"{place.Rank}_{BitConverter.DoubleToInt64Bits(place.Order)}_{place.Row}");

    private static QueuePlace? Parse(string? text)
    {
        if (text is null) return null;
        var parts = text.Split('_');
        if (parts.Length == 3 && long.TryParse(parts[0], CultureInfo.InvariantCulture, out var rank)
            && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var bits) && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var row))
            return new QueuePlace(rank, BitConverter.Int64BitsToDouble(bits), row);
        throw new FormatException($"'{text}' is no cursor of a frame page: pass on what 'next' held, or leave 'after' out.");
    }
}
