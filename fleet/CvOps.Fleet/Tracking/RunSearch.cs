using System.Data.Common;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tracking.Search;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <summary>Finds runs by what they are and what came of them.</summary>
internal static class RunSearch
{
    private const string Attributes = "run_id, run_name, status, user_id, start_time, end_time";

    /// <param name="experiments">Ids; none means all of them.</param>
    /// <param name="filter">As <see cref="SearchReader.Filter"/> reads it.</param>
    /// <param name="order">As <see cref="SearchReader.Order"/> reads each; without any the newest come first.</param>
    /// <param name="token">Of the page before; null for the first.</param>
    /// <returns>A function to run on a connection that sees one moment.</returns>
    /// <exception cref="TrackingException">Filter, order or token are none.</exception>
    public static Func<DbConnection, (IReadOnlyList<TrackedRun> Runs, string? Next)> Prepare(
        IReadOnlyList<string> experiments, string? filter, IReadOnlyList<string> order, SearchView view, int limit, string? token)
    {
        var sql = new SearchSql();
        var offset = PageToken.Read(token);
        // An id that is no number is no experiment's.
        if (experiments.Count > 0) sql.RequireIn("r.experiment", experiments.Select(id => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1));
        if (view != SearchView.All) sql.Require($"r.deleted = {(view == SearchView.Deleted ? 1 : 0)}");
        foreach (var term in SearchReader.Filter(filter)) sql.Require(Condition(sql, term));
        foreach (var by in order.Select(SearchReader.Order)) sql.By(Expression(sql, by), by.Descending);
        var text = $"SELECT r.id FROM run AS r {sql.Where} {sql.OrderBy("r.started_at DESC, r.id")} LIMIT {limit + 1} OFFSET {offset}";
        return connection =>
        {
            var (ids, next) = PageToken.Cut(connection.Query<string>(text, sql.Values).ToArray(), offset, limit);
            return (RunReader.Read(connection, ids), next);
        };
    }

    private static string Condition(SearchSql sql, SearchTerm term) => term.Kind switch
    {
        SearchedKind.Metric => $"EXISTS (SELECT 1 FROM run_latest AS v WHERE v.run = r.id AND v.key = {sql.Add(term.Key)} AND v.nan = 0 AND {sql.Number("v.value", term)})",
        SearchedKind.Param => $"EXISTS (SELECT 1 FROM run_param AS v WHERE v.run = r.id AND v.key = {sql.Add(term.Key)} AND {sql.Text("v.value", term)})",
        SearchedKind.Tag => $"EXISTS (SELECT 1 FROM run_tag AS v WHERE v.run = r.id AND v.key = {sql.Add(term.Key)} AND {sql.Text("v.value", term)})",
        SearchedKind.Dataset when term.Key is "name" or "digest" or "context" => $"EXISTS (SELECT 1 FROM run_input AS v WHERE v.run = r.id AND {sql.Text($"v.{term.Key}", term)})",
        SearchedKind.Dataset => throw TrackingException.Invalid($"A dataset has no '{term.Key}': name, digest and context are searched."),
        _ => Column(term.Key) is (var column, false) ? sql.Text(column, term) : sql.Number(Column(term.Key).Name, term, 1000),
    };

    private static string Expression(SearchSql sql, SearchOrder by) => by.Kind switch
    {
        SearchedKind.Metric => $"(SELECT v.value FROM run_latest AS v WHERE v.run = r.id AND v.key = {sql.Add(by.Key)} AND v.nan = 0)",
        SearchedKind.Param => $"(SELECT v.value FROM run_param AS v WHERE v.run = r.id AND v.key = {sql.Add(by.Key)})",
        SearchedKind.Tag => $"(SELECT v.value FROM run_tag AS v WHERE v.run = r.id AND v.key = {sql.Add(by.Key)})",
        SearchedKind.Attribute => Column(by.Key).Name,
        _ => throw TrackingException.Invalid($"Runs are not ordered by {by.Name}: metrics, params, tags and attributes are orders."),
    };

    private static (string Name, bool IsNumber) Column(string key) => key switch
    {
        "run_id" => ("r.id", false),
        "run_name" or "run name" or "Run name" or "Run Name" => ("r.name", false),
        "status" => ("upper(r.status)", false),
        "user_id" => ("r.owner", false),
        "start_time" or "created" or "Created" => ("r.started_at", true),
        "end_time" => ("r.ended_at", true),
        _ => throw TrackingException.Invalid($"A run has no attribute '{key}': there are {Attributes}. Metrics, params and tags begin with their kind, such as metrics.{key}."),
    };
}
