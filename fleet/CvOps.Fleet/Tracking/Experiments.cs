using System.Data.Common;
using System.Globalization;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tracking.Search;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <param name="Location">Address under which its runs' artefacts lie.</param>
internal sealed record Experiment(string Id, string Name, string Location, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, bool Deleted, IReadOnlyList<KeyText> Tags);

/// <summary>Which of the active and the deleted ones are meant.</summary>
internal enum SearchView { Active, Deleted, All }

/// <summary>Experiments: runs that belong together. Two are always there, <see cref="Default"/> and CvOps' own training runs.</summary>
internal sealed class Experiments(Database database, SharedWrites shared, TimeProvider time)
{
    /// <summary>Id of the one that runs without an experiment go to.</summary>
    public const long Default = 0;

    /// <summary>Id of the one of CvOps' training runs.</summary>
    public const long Own = 1;

    public const string OwnName = "cvops";

    /// <summary>Makes the two that are always there; again as often as you like.</summary>
    public Task EnsureAsync(CancellationToken cancel) => shared.WriteAsync(
        connection => Insert(connection, Default, "Default", null, true) + Insert(connection, Own, OwnName, null, true), cancel);

    /// <param name="location">Where clients put artefacts themselves; null for the fleet.</param>
    /// <returns>Its id.</returns>
    public async Task<string> CreateAsync(string name, string? location, IReadOnlyList<KeyText> tags, CancellationToken cancel)
    {
        if (location?.StartsWith(Artefacts.Scheme, StringComparison.Ordinal) == true) throw TrackingException.Invalid($"'{location}' is an address that the fleet gives itself: leave the artefact location out.");
        var id = await shared.WriteAsync(connection =>
        {
            var next = connection.ExecuteScalar<long>("SELECT coalesce(max(id), 0) + 1 FROM experiment");
            if (Insert(connection, next, name, location, false) == 0) throw TrackingException.Taken($"There is an experiment '{name}' already, maybe a deleted one.");
            foreach (var (key, value) in tags) SetTag(connection, next, key, value);
            return next;
        }, cancel);
        return id.ToString(CultureInfo.InvariantCulture);
    }

    /// <exception cref="TrackingException">There is none.</exception>
    public async Task<Experiment> GetAsync(string id, CancellationToken cancel)
    {
        var number = Number(id);
        return (await ReadAsync(sql => sql.Require($"e.id = {sql.Add(number)}"), 0, 1, "", cancel)) is [var found] ? found : throw TrackingException.Missing("experiment", id);
    }

    /// <inheritdoc cref="GetAsync"/>
    public async Task<Experiment> GetByNameAsync(string name, CancellationToken cancel) =>
        (await ReadAsync(sql => sql.Require($"e.name = {sql.Add(name)}"), 0, 1, "", cancel)) is [var found] ? found : throw TrackingException.Missing("experiment", name);

    public async Task<(IReadOnlyList<Experiment> Experiments, string? Next)> SearchAsync(string? filter, IReadOnlyList<string> order, SearchView view, int limit, string? token, CancellationToken cancel)
    {
        var terms = SearchReader.Filter(filter);
        var orders = order.Select(SearchReader.Order).ToArray();
        var offset = PageToken.Read(token);
        var rows = await ReadAsync(sql =>
        {
            if (view != SearchView.All) sql.Require($"e.deleted = {(view == SearchView.Deleted ? 1 : 0)}");
            foreach (var term in terms) sql.Require(Condition(sql, term));
            foreach (var by in orders) sql.By(by.Kind == SearchedKind.Attribute && by.Key == "experiment_id" ? "e.id" : Column(by.Kind, by.Key, by.Name).Name, by.Descending);
        }, offset, limit + 1, "e.id DESC", cancel);
        return PageToken.Cut(rows, offset, limit);
    }

    public Task RenameAsync(string id, string name, CancellationToken cancel) => ChangeAsync(id, connection =>
    {
        if (connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM experiment WHERE name = @name AND id <> @id)", new { name, id = Number(id) }))
            throw TrackingException.Taken($"There is an experiment '{name}' already.");
        return connection.Execute("UPDATE experiment SET name = @name, updated_at = @now WHERE id = @id", new { id = Number(id), name, now = Now });
    }, cancel);

    /// <summary>Puts an experiment aside together with its runs, or brings both back.</summary>
    public Task SetDeletedAsync(string id, bool deleted, CancellationToken cancel) => ChangeAsync(id, connection =>
        connection.Execute("UPDATE run SET deleted = @flag WHERE experiment = @id", new { id = Number(id), flag = deleted ? 1 : 0 })
        + connection.Execute("UPDATE experiment SET deleted = @flag, updated_at = @now WHERE id = @id", new { id = Number(id), flag = deleted ? 1 : 0, now = Now }), cancel);

    public Task SetTagAsync(string id, KeyText tag, CancellationToken cancel) => shared.WriteAsync(connection =>
    {
        Require(connection, Number(id), id);
        return SetTag(connection, Number(id), tag.Key, tag.Value);
    }, cancel);

    /// <exception cref="TrackingException">There is none of that id that takes runs.</exception>
    public static long RequireActive(DbConnection connection, string id)
    {
        var deleted = connection.Query<long>("SELECT deleted FROM experiment WHERE id = @id", new { id = Number(id) }).ToArray();
        if (deleted.Length == 0) throw TrackingException.Missing("experiment", id);
        return deleted[0] == 0 ? Number(id) : throw TrackingException.Invalid($"Experiment '{id}' is deleted: restore it first.");
    }

    private long Now => SqlTime.Of(time.GetUtcNow());

    // An id that is no number is nobody's; there is no experiment -1.
    private static long Number(string id) => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    private Task<int> ChangeAsync(string id, Func<DbConnection, int> change, CancellationToken cancel) => shared.WriteAsync(connection =>
    {
        Require(connection, Number(id), id);
        return Number(id) is Default or Own ? throw TrackingException.Invalid($"Experiment '{id}' is one that is always there.") : change(connection);
    }, cancel);

    private static void Require(DbConnection connection, long number, string id)
    {
        if (!connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM experiment WHERE id = @number)", new { number })) throw TrackingException.Missing("experiment", id);
    }

    private int Insert(DbConnection connection, long id, string name, string? location, bool always) => connection.Execute(
        "INSERT INTO experiment (id, name, location, created_at, updated_at) VALUES (@id, @name, @location, @now, @now) ON CONFLICT DO NOTHING",
        new { id, name, location = location ?? Artefacts.LocationOf(id), now = always ? 0 : Now });

    private static int SetTag(DbConnection connection, long experiment, string key, string value) => connection.Execute(
        "INSERT INTO experiment_tag (experiment, key, value) VALUES (@experiment, @key, @value) ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value", new { experiment, key, value });

    private Task<Experiment[]> ReadAsync(Action<SearchSql> ask, int offset, int limit, string order, CancellationToken cancel)
    {
        var sql = new SearchSql();
        ask(sql);
        var rows = $"FROM experiment AS e {sql.Where} {(order.Length == 0 ? "" : sql.OrderBy(order))} LIMIT {limit} OFFSET {offset}";
        return database.ReadMomentAsync(connection =>
        {
            var found = connection.Query<(long Id, string Name, string Location, long Created, long Updated, long Deleted)>($"SELECT e.id, e.name, e.location, e.created_at, e.updated_at, e.deleted {rows}", sql.Values).ToArray();
            var tags = connection.Query<(long Experiment, string Key, string Value)>($"SELECT t.experiment, t.key, t.value FROM experiment_tag AS t WHERE t.experiment IN (SELECT id FROM (SELECT e.id {rows}) AS page) ORDER BY t.key", sql.Values)
                .ToLookup(tag => tag.Experiment, tag => new KeyText(tag.Key, tag.Value));
            return Array.ConvertAll(found, row => new Experiment(
                row.Id.ToString(CultureInfo.InvariantCulture), row.Name, row.Location, SqlTime.From(row.Created), SqlTime.From(row.Updated), row.Deleted != 0, [.. tags[row.Id]]));
        }, cancel);
    }

    private static string Condition(SearchSql sql, SearchTerm term)
    {
        if (term.Kind == SearchedKind.Tag) return $"EXISTS (SELECT 1 FROM experiment_tag AS t WHERE t.experiment = e.id AND t.key = {sql.Add(term.Key)} AND {sql.Text("t.value", term)})";
        var (column, number) = Column(term.Kind, term.Key, term.Name);
        return number ? sql.Number(column, term, 1000) : sql.Text(column, term);
    }

    private static (string Name, bool IsNumber) Column(SearchedKind kind, string key, string name) => (kind, key) switch
    {
        (SearchedKind.Attribute, "name") => ("e.name", false),
        (SearchedKind.Attribute, "creation_time") => ("e.created_at", true),
        (SearchedKind.Attribute, "last_update_time") => ("e.updated_at", true),
        _ => throw TrackingException.Invalid($"Experiments have no {name}: name, creation_time, last_update_time and tags are searched."),
    };
}
