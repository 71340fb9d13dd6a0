using System.Data.Common;
using CvOps.Fleet.Tracking.Search;
using Dapper;

namespace CvOps.Fleet.Tracking.Registry;

/// <summary>Finds registered models and versions by name and tags.</summary>
internal static class RegistrySearch
{
    /// <inheritdoc cref="RunSearch.Prepare"/>
    public static Func<DbConnection, (IReadOnlyList<RegisteredModel> Models, string? Next)> Models(string? filter, IReadOnlyList<string> order, int limit, string? token)
    {
        var sql = new SearchSql();
        var offset = PageToken.Read(token);
        foreach (var term in SearchReader.Filter(filter))
        {
            sql.Require(term switch
            {
                // One range of the index for each tag.
                { Kind: SearchedKind.Tag, Operator: SearchOperator.Equal, IsNumber: false } => $"m.name IN (SELECT t.name FROM registered_model_tag AS t WHERE t.key = {sql.Add(term.Key)} AND t.value = {sql.Add(term.Values[0])})",
                { Kind: SearchedKind.Tag } => $"EXISTS (SELECT 1 FROM registered_model_tag AS t WHERE t.name = m.name AND t.key = {sql.Add(term.Key)} AND {sql.Text("t.value", term)})",
                { Kind: SearchedKind.Attribute, Key: "name" } => sql.Text("m.name", term),
                _ => throw TrackingException.Invalid($"Registered models have no {term.Name}: name and tags are searched."),
            });
        }
        foreach (var by in order.Select(SearchReader.Order)) sql.By(by.Kind == SearchedKind.Attribute ? ModelColumn(by.Key) : throw Unknown(by.Name), by.Descending);
        var text = $"SELECT m.name FROM registered_model AS m {sql.Where} {sql.OrderBy("m.name")} LIMIT {limit + 1} OFFSET {offset}";
        return connection =>
        {
            var (names, next) = PageToken.Cut(connection.Query<string>(text, sql.Values).ToArray(), offset, limit);
            return (RegistryReader.Models(connection, names), next);
        };
    }

    /// <inheritdoc cref="RunSearch.Prepare"/>
    public static Func<DbConnection, (IReadOnlyList<RegisteredVersion> Versions, string? Next)> Versions(string? filter, IReadOnlyList<string> order, int limit, string? token)
    {
        var sql = new SearchSql();
        var offset = PageToken.Read(token);
        foreach (var term in SearchReader.Filter(filter))
        {
            sql.Require(term switch
            {
                { Kind: SearchedKind.Tag } =>
                    $"EXISTS (SELECT 1 FROM model_version_tag AS t WHERE t.name = v.name AND t.version = v.version AND t.key = {sql.Add(term.Key)} AND {sql.Text("t.value", term)})",
                { Kind: SearchedKind.Attribute, Key: "name" } => sql.Text("v.name", term),
                { Kind: SearchedKind.Attribute, Key: "run_id" } => sql.Text("v.run", term),
                { Kind: SearchedKind.Attribute, Key: "source_path" } => sql.Text("v.source", term),
                // As clients write it, with and without quotes.
                { Kind: SearchedKind.Attribute, Key: "version_number" } => sql.Number("v.number", term with { IsNumber = true }),
                _ => throw TrackingException.Invalid($"Versions have no {term.Name}: name, version_number, run_id, source_path and tags are searched."),
            });
        }
        foreach (var by in order.Select(SearchReader.Order)) sql.By(by.Kind == SearchedKind.Attribute ? VersionColumn(by.Key) : throw Unknown(by.Name), by.Descending);
        var rows = $"{sql.OrderBy("v.name, v.number DESC")} LIMIT {limit + 1} OFFSET {offset}";
        return connection => PageToken.Cut(RegistryReader.Versions(connection, sql, rows), offset, limit);
    }

    private static string ModelColumn(string key) => key switch
    {
        "name" => "m.name",
        "creation_timestamp" or "timestamp" => "m.created_at",
        "last_updated_timestamp" => "m.updated_at",
        _ => throw Unknown(key),
    };

    private static string VersionColumn(string key) => key switch
    {
        "name" => "v.name",
        "version_number" => "v.number",
        "creation_timestamp" => "v.created_at",
        "last_updated_timestamp" => "v.updated_at",
        _ => throw Unknown(key),
    };

    private static TrackingException Unknown(string key) => TrackingException.Invalid($"Nothing here is ordered by {key}: name, version_number (of versions), creation_timestamp and last_updated_timestamp are orders.");
}
