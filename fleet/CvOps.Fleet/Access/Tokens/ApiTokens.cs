using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Tokens;

/// <summary>
/// Tokens of programs, <c>cvops_ID_SECRET</c>. One may what its scopes and its owner's rights have in common at the moment of use, on its own sites among the
/// owner's; it dies with its owner's account.
/// </summary>
internal sealed class ApiTokens(Database database, SharedWrites shared, TimeProvider time)
{
    private const string Prefix = "cvops_";
    private const double MostDays = 3650;
    private const int LongestName = 100;
    private static readonly TimeSpan UseIsNoted = TimeSpan.FromMinutes(1);

    private const string Columns = "api_token.id, hash, account, account.name AS Owner, api_token.name, scopes, sites, api_token.created_at AS CreatedAt, expires_at AS ExpiresAt, used_at AS UsedAt, revoked_at AS RevokedAt";
    private const string From = "FROM api_token LEFT JOIN account ON account.id = api_token.account";

    /// <summary>One's own; an administrator sees everybody's.</summary>
    public Task<ApiTokenView[]> ListAsync(Principal who, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<Row>($"SELECT {Columns} {From} ORDER BY api_token.created_at DESC").Where(row => MaySee(who, row)).Select(row => row.View()).ToArray(), cancel);

    public async Task<(ApiTokenCreated? Made, string? Refusal)> MakeAsync(ApiTokenRequest asked, Principal who, CancellationToken cancel)
    {
        var scopes = Roles.Join(asked.Scopes ?? []);
        if (string.IsNullOrWhiteSpace(asked.Name) || asked.Name.Length > LongestName) return (null, $"Say what the token is for (name), in 1 to {LongestName} characters.");
        if (scopes == Permission.None) return (null, $"Say what it may (scopes): {string.Join(", ", Roles.Each(Roles.All | Permission.ActFor))}.");
        if (asked.ValidDays is not (> 0 and <= MostDays)) return (null, $"validDays is above 0 and at most {MostDays}.");
        if (asked.Sites is { } sites && (sites.Count == 0 || !sites.All(Identifier.IsValid))) return (null, "sites are names of sites; leave it out for all of yours.");
        // Only who may do it on all sites says that a program may speak for others.
        if (scopes.HasFlag(Permission.ActFor) && !who.MayEverywhere(Permission.Administer)) return (null, "Only an administrator of all sites makes a token that acts in other names.");
        if ((scopes & ~(who.Permissions | Permission.ActFor)) is not Permission.None and var more) return (null, $"A token may not more than you: not {string.Join(", ", Roles.Each(more))}.");
        if (who.Kind == PrincipalKind.Token) return (null, "A token makes no tokens: sign in, or use the machine's local token.");
        var (now, id, secret) = (time.GetUtcNow(), Secrets.Hash(Secrets.Make())[..10], Secrets.Make());
        var text = $"{Prefix}{id}_{secret}";
        await database.WriteAsync(connection =>
        {
            connection.Execute("INSERT INTO api_token (id, hash, account, name, scopes, sites, created_at, expires_at) VALUES (@id, @hash, @Account, @Name, @scopes, @sites, @now, @until)",
                new { id, hash = Secrets.Hash(text), who.Account, asked.Name, scopes = (int)scopes, sites = asked.Sites is { } some ? string.Join(',', some) : null, now = SqlTime.Of(now), until = SqlTime.Of(now.AddDays(asked.ValidDays)) });
            return Audit.Add(connection, now, who.Name, "token.created", Prefix + id, $"{asked.Name}: {string.Join(", ", Roles.Each(scopes))}{(asked.Sites is { } at ? $" on {string.Join(", ", at)}" : "")}, {asked.ValidDays:0.##} days");
        }, cancel);
        return (new ApiTokenCreated((await ListAsync(who, cancel)).Single(view => view.Id == Prefix + id), text), null);
    }

    /// <returns>Null when there is none that this principal could take back.</returns>
    public Task<ApiTokenView?> RevokeAsync(string id, Principal who, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        var bare = id.StartsWith(Prefix, StringComparison.Ordinal) ? id[Prefix.Length..] : id;
        if (connection.QuerySingleOrDefault<Row>($"SELECT {Columns} {From} WHERE api_token.id = @bare", new { bare }) is not { } row || !MaySee(who, row)) return null;
        var now = time.GetUtcNow();
        if (connection.Execute("UPDATE api_token SET revoked_at = @now WHERE id = @bare AND revoked_at IS NULL", new { bare, now = SqlTime.Of(now) }) > 0)
            Audit.Add(connection, now, who.Name, "token.revoked", Prefix + bare, row.Name);
        return connection.QuerySingle<Row>($"SELECT {Columns} {From} WHERE api_token.id = @bare", new { bare }).View();
    }, cancel);

    /// <returns>Who shows it; null when it is no token, revoked, expired, or its owner is gone.</returns>
    public async Task<Principal?> FindAsync(string text, CancellationToken cancel)
    {
        if (text.Split('_') is not [_, { Length: > 0 } id, ..]) return null;
        var now = time.GetUtcNow();
        var (row, owner) = await RowAsync(id, cancel);
        if (row is null || !Secrets.AreEqual(row.Hash, Secrets.Hash(text)) || !IsOpen(row, owner, now)) return null;
        if (row.UsedAt is null || SqlTime.From(row.UsedAt.Value) + UseIsNoted < now)
            await shared.WriteAsync(connection => connection.Execute("UPDATE api_token SET used_at = @now WHERE id = @id", new { id, now = SqlTime.Of(now) }), cancel);
        return PrincipalOf(row, owner);
    }

    /// <summary>Of one that opened: whether it still does, and what it may by now.</summary>
    /// <returns>Null when it opens nothing any more.</returns>
    public async Task<Principal?> AgainAsync(string id, CancellationToken cancel)
    {
        var (row, owner) = await RowAsync(id, cancel);
        return row is not null && IsOpen(row, owner, time.GetUtcNow()) ? PrincipalOf(row, owner) : null;
    }

    private static bool IsOpen(Row row, AccountRow? owner, DateTimeOffset now) => row.RevokedAt is null && row.ExpiresAt > SqlTime.Of(now) && (row.Account is null || owner is { DisabledAt: null });

    private static Principal PrincipalOf(Row row, AccountRow? owner) => new(owner?.Name ?? $"{Prefix}{row.Id}", PrincipalKind.Token, row.Account, [.. Grants(row, owner)]) { Token = row.Id };

    private Task<(Row? Row, AccountRow? Owner)> RowAsync(string id, CancellationToken cancel) => database.ReadAsync<(Row?, AccountRow?)>(connection =>
        connection.QuerySingleOrDefault<Row>($"SELECT {Columns} {From} WHERE api_token.id = @id", new { id }) is { } found
            ? (found, found.Account is { } account ? AccountTable.ById(connection, account) : null)
            : (null, null), cancel);

    private static IEnumerable<Grant> Grants(Row row, AccountRow? owner)
    {
        var scopes = (Permission)row.Scopes;
        var sites = row.Sites?.Split(',');
        IEnumerable<Grant> most = owner is null ? [new Grant(Roles.All | Permission.ActFor, null)] : owner.Principal.Grants;
        foreach (var grant in most)
        {
            // An administrator gave it the right to act for others; it ends with being one.
            var may = scopes & (grant.Permissions.HasFlag(Permission.Administer) && grant.Site is null ? grant.Permissions | Permission.ActFor : grant.Permissions);
            if (sites is null) yield return new Grant(may, grant.Site);
            else foreach (var site in sites) if (grant.Site is null || grant.Site == site) yield return new Grant(may, site);
        }
    }

    private static bool MaySee(Principal who, Row row) => who.MayEverywhere(Permission.Administer) || (row.Account is not null && row.Account == who.Account);

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public string Hash { get; init; } = "";
        public string? Account { get; init; }
        public string? Owner { get; init; }
        public string Name { get; init; } = "";
        public int Scopes { get; init; }
        public string? Sites { get; init; }
        public long CreatedAt { get; init; }
        public long ExpiresAt { get; init; }
        public long? UsedAt { get; init; }
        public long? RevokedAt { get; init; }

        public ApiTokenView View() => new(
            Prefix + Id, Name, Owner, Roles.Each((Permission)Scopes), Sites?.Split(','), SqlTime.From(CreatedAt), SqlTime.From(ExpiresAt),
            UsedAt is { } used ? SqlTime.From(used) : null, RevokedAt is { } revoked ? SqlTime.From(revoked) : null);
    }
}
