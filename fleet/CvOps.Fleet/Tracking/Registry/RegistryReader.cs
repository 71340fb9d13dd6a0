using System.Data.Common;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tracking.Search;
using Dapper;

namespace CvOps.Fleet.Tracking.Registry;

/// <summary>Registered models and their versions out of their rows. Aliases of packages are those of <see cref="Models.ModelAliases"/>.</summary>
internal static class RegistryReader
{
    private const string Columns = "v.name, v.version, v.number, v.description, v.source, v.run, v.run_link AS RunLink, v.owner, v.digest, v.created_at AS Created, v.updated_at AS Updated";

    /// <param name="names">At most a page of them.</param>
    /// <returns>Those that there are, in the order of the names.</returns>
    public static RegisteredModel[] Models(DbConnection connection, IReadOnlyList<string> names)
    {
        if (names.Count == 0) return [];
        var sql = new SearchSql();
        sql.RequireIn("name", names);
        var rows = connection.Query<(string Name, string Description, long Created, long Updated)>($"SELECT name, description, created_at, updated_at FROM registered_model {sql.Where}", sql.Values)
            .ToDictionary(row => row.Name);
        var tags = connection.Query<(string Name, string Key, string Value)>($"SELECT name, key, value FROM registered_model_tag {sql.Where} ORDER BY key", sql.Values)
            .ToLookup(row => row.Name, row => new KeyText(row.Key, row.Value));
        var aliases = Aliases(connection, names);
        var newest = new SearchSql();
        newest.RequireIn("v.name", names);
        newest.Require("v.number = (SELECT max(n.number) FROM model_version AS n WHERE n.name = v.name)");
        var latest = Versions(connection, newest, "").ToDictionary(version => version.Name);
        return
        [
            .. names.Where(rows.ContainsKey).Select(name => new RegisteredModel(
                name, rows[name].Description, SqlTime.From(rows[name].Created), SqlTime.From(rows[name].Updated), [.. tags[name]], [.. aliases[name]], latest.GetValueOrDefault(name))),
        ];
    }

    /// <param name="sql">Its conditions name the version's columns with <c>v</c>.</param>
    /// <param name="order">ORDER BY and LIMIT; may be empty.</param>
    public static RegisteredVersion[] Versions(DbConnection connection, SearchSql sql, string order)
    {
        var rows = connection.Query<VersionRow>($"SELECT {Columns} FROM model_version AS v {sql.Where} {order}", sql.Values).ToArray();
        if (rows.Length == 0) return [];
        var names = rows.Select(row => row.Name).Distinct().ToArray();
        var among = new SearchSql();
        among.RequireIn("name", names);
        var tags = connection.Query<(string Name, string Version, string Key, string Value)>($"SELECT name, version, key, value FROM model_version_tag {among.Where} ORDER BY key", among.Values)
            .ToLookup(row => (row.Name, row.Version), row => new KeyText(row.Key, row.Value));
        var aliases = Aliases(connection, names);
        return Array.ConvertAll(rows, row => row.View([.. tags[(row.Name, row.Version)]], [.. aliases[row.Name].Where(alias => alias.Version == row.Version).Select(alias => alias.Alias)]));
    }

    /// <exception cref="TrackingException">There is none.</exception>
    public static RegisteredVersion Version(DbConnection connection, string name, string version)
    {
        var sql = new SearchSql();
        sql.Require($"v.name = {sql.Add(name)} AND v.version = {sql.Add(version)}");
        return Versions(connection, sql, "") is [var found] ? found : throw TrackingException.Missing($"version of '{name}'", version);
    }

    /// <summary>A package's alias goes before one of the same name that a client made.</summary>
    public static ILookup<string, RegisteredAlias> Aliases(DbConnection connection, IReadOnlyList<string> names)
    {
        var packages = new SearchSql();
        packages.RequireIn("a.name", names);
        var others = new SearchSql();
        others.RequireIn("name", names);
        var found = connection.Query<(string Name, string Alias, string Version)>($"SELECT a.name, a.alias, m.version FROM model_alias AS a JOIN models AS m ON m.digest = a.digest {packages.Where}", packages.Values)
            .Concat(connection.Query<(string Name, string Alias, string Version)>($"SELECT name, alias, version FROM registered_model_alias {others.Where}", others.Values));
        return found.DistinctBy(row => (row.Name, row.Alias)).OrderBy(row => row.Alias, StringComparer.Ordinal).ToLookup(row => row.Name, row => new RegisteredAlias(row.Alias, row.Version));
    }

    private sealed class VersionRow
    {
        public string Name { get; init; } = "";
        public string Version { get; init; } = "";
        public long Number { get; init; }
        public string Description { get; init; } = "";
        public string Source { get; init; } = "";
        public string Run { get; init; } = "";
        public string RunLink { get; init; } = "";
        public string Owner { get; init; } = "";
        public string? Digest { get; init; }
        public long Created { get; init; }
        public long Updated { get; init; }

        public RegisteredVersion View(IReadOnlyList<KeyText> tags, IReadOnlyList<string> aliases) =>
            new(Name, Version, Number, Description, Source, Run, RunLink, Owner, Digest, SqlTime.From(Created), SqlTime.From(Updated), tags, aliases);
    }
}
