using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames.Search;

/// <summary>
/// Frames that fit a filter, newest first. Two ways, so that the slowest search of a million frames is one walk over a narrow index: where some member of the
/// filter is rare, its frames are looked up and the rest is tried on each; else the index <c>frames_search</c>, which has every column that a filter asks for,
/// is walked from the newest on until the page is full. Neither leaves the choice to the planner, which knows nothing of how often a value occurs.
/// </summary>
internal static class FrameSearch
{
    /// <summary>Up to so many frames are rare.</summary>
    private const int Few = 2000;

    /// <summary>Of which so many are tried at a time.</summary>
    private const int Together = 64;

    private static readonly string[] Names = [.. Enumerable.Range(0, Together).Select(i => $"row{i}")];
    private static readonly string Listed = string.Join(", ", Names.Select(name => $"@{name}"));

    /// <param name="before">Row that the page begins behind; null for the first page.</param>
    public static (long Row, string Body)[] Page(DbConnection connection, FrameFilter filter, long? before, int limit)
    {
        var values = Values(filter, before, limit);
        var conditions = Conditions(filter, before);
        var rare = Drivers(filter).FirstOrDefault(driver => connection.ExecuteScalar<long>($"SELECT count(*) FROM (SELECT 1 FROM frames WHERE {driver} LIMIT {Few + 1}) AS counted", values) <= Few);
        if (rare is not null) return Try(connection, rare, conditions, values, limit);
        // The narrow rows first, their wide ones only for those that fit.
        var sql = $"SELECT w.row, w.body FROM (SELECT f.row AS found FROM frames AS f WHERE f.row IS NOT NULL{conditions} ORDER BY f.row DESC LIMIT @Limit) AS hits CROSS JOIN frames AS w WHERE w.row = hits.found ORDER BY w.row DESC";
        return [.. connection.Query<(long, string)>(sql, values)];
    }

    /// <summary>Looks up the rows of a rare member and tries the rest on them, the newest first and some at a time: mostly the page is full long before their end, and each costs a read of a wide row.</summary>
    private static (long Row, string Body)[] Try(DbConnection connection, string rare, string conditions, object values, int limit)
    {
        var found = connection.Query<long>($"SELECT row FROM frames WHERE {rare}", values).OrderDescending().ToArray();
        var page = new List<(long, string)>();
        var tried = new DynamicParameters(values);
        foreach (var rows in found.Chunk(Together))
        {
            // Always as many, so that it is one statement.
            for (var i = 0; i < Together; i++) tried.Add(Names[i], i < rows.Length ? rows[i] : 0L);
            page.AddRange(connection.Query<(long, string)>($"SELECT f.row, f.body FROM frames AS f WHERE f.row IN ({Listed}){conditions} ORDER BY f.row DESC LIMIT @Limit", tried));
            if (page.Count >= limit) break;
        }
        return [.. page.Take(limit)];
    }

    /// <summary>Members of a filter that an index of their own answers.</summary>
    private static IEnumerable<string> Drivers(FrameFilter filter)
    {
        if (filter.Part is not null) yield return "part = @Part";
        if (filter.Device is not null) yield return "device = @Device" + Times(filter, " AND ");
        if (filter.Prediction is not null) yield return "prediction = @Prediction" + (filter.LeastConfidence is null ? "" : " AND confidence >= @LeastConfidence") + (filter.MostConfidence is null ? "" : " AND confidence <= @MostConfidence");
        if (filter.Model is not null) yield return "model = @Model";
        if (Times(filter, "") is { Length: > 0 } times) yield return times;
        if (filter.State is LabelState.Labelled or LabelState.Skipped or LabelState.Review) yield return "state = @State";
    }

    private static string Times(FrameFilter filter, string before) => (filter.Since, filter.Until) switch
    {
        (null, null) => "",
        (not null, null) => before + "captured_at >= @Since",
        (null, not null) => before + "captured_at < @Until",
        _ => before + "captured_at >= @Since AND captured_at < @Until",
    };

    // An expression instead of the bare column keeps the planner from the narrow indexes, which lack the other columns.
    private static string Conditions(FrameFilter filter, long? before)
    {
        var all = new List<string>();
        if (before is not null) all.Add("f.row < @Before");
        if (filter.State is not null) all.Add("f.state + 0 = @State");
        if (filter.Use is not null) all.Add("f.usage + 0 = @Usage");
        if (filter.Device is not null) all.Add("f.device || '' = @Device");
        if (filter.Camera is not null) all.Add("f.camera || '' = @Camera");
        if (filter.Part is not null) all.Add("f.part || '' = @Part");
        if (filter.Model is not null) all.Add("f.model || '' = @Model");
        if (filter.Prediction is not null) all.Add("f.prediction || '' = @Prediction");
        if (filter.LeastConfidence is not null) all.Add("f.confidence >= @LeastConfidence");
        if (filter.MostConfidence is not null) all.Add("f.confidence <= @MostConfidence");
        if (filter.LeastInclusion is not null) all.Add("f.inclusion >= @LeastInclusion");
        if (filter.MostInclusion is not null) all.Add("f.inclusion <= @MostInclusion");
        if (filter.Rule is not null) all.Add("f.rules LIKE @Rule ESCAPE '!'");
        if (filter.Since is not null) all.Add("f.captured_at + 0 >= @Since");
        if (filter.Until is not null) all.Add("f.captured_at + 0 < @Until");
        // The words of the index that has labelled frames alone.
        if (filter.AsksOfLabel) all.Add("f.label_text IS NOT NULL");
        if (filter.Verdict is not null) all.Add("f.verdict = @Verdict");
        if (filter.By is not null) all.Add("f.labelled_by = @By");
        if (filter.Label is not null) all.Add("f.label_classes LIKE @Label ESCAPE '!'");
        if (filter.Text is not null) all.Add("f.label_text LIKE @Text ESCAPE '!'");
        return string.Concat(all.Select(condition => " AND " + condition));
    }

    private static object Values(FrameFilter filter, long? before, int limit) => new
    {
        State = (int?)filter.State, Usage = (int?)filter.Use, filter.Device, filter.Camera, filter.Part, filter.Model, filter.Prediction, filter.LeastConfidence, filter.MostConfidence, filter.LeastInclusion,
        filter.MostInclusion, Rule = $"%,{SqlText.Literal(filter.Rule)},%", Since = filter.Since is { } since ? SqlTime.Of(since) : (long?)null, Until = filter.Until is { } until ? SqlTime.Of(until) : (long?)null,
        Verdict = (int?)filter.Verdict, filter.By, Label = $"%|{SqlText.Literal(filter.Label)}|%", Text = $"%{SqlText.Literal(filter.Text)}%", Before = before, Limit = limit,
    };
}
