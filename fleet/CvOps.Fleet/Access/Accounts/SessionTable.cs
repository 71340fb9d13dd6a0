using System.Data.Common;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>Sessions of people's browsers, inside a transaction of the caller's. The id is in the cookie alone.</summary>
internal static class SessionTable
{
    public static void Add(DbConnection connection, string hash, string account, DateTimeOffset now, DateTimeOffset ends, string address, string agent) => connection.Execute(
        "INSERT INTO account_session (hash, account, created_at, seen_at, ends_at, address, agent) VALUES (@hash, @account, @now, @now, @ends, @address, @agent)",
        new { hash, account, now = SqlTime.Of(now), ends = SqlTime.Of(ends), address, agent });

    /// <returns>Whose it is; null when it is none, was not used since the first time, or is over.</returns>
    public static (string Account, DateTimeOffset SeenAt)? Find(DbConnection connection, string hash, DateTimeOffset usedSince, DateTimeOffset now) =>
        connection.QuerySingleOrDefault<Row>("SELECT account, seen_at AS SeenAt FROM account_session WHERE hash = @hash AND seen_at > @since AND ends_at > @now", new { hash, since = SqlTime.Of(usedSince), now = SqlTime.Of(now) }) is { } row
            ? (row.Account, SqlTime.From(row.SeenAt)) : null;

    /// <returns>Whether it still is one, of an account that may come in.</returns>
    public static bool IsLiving(DbConnection connection, string hash, DateTimeOffset usedSince, DateTimeOffset now) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM account_session JOIN account ON account.id = account_session.account WHERE hash = @hash AND seen_at > @since AND ends_at > @now AND disabled_at IS NULL)",
        new { hash, since = SqlTime.Of(usedSince), now = SqlTime.Of(now) });

    public static int Touch(DbConnection connection, string hash, DateTimeOffset now) => connection.Execute("UPDATE account_session SET seen_at = @now WHERE hash = @hash", new { hash, now = SqlTime.Of(now) });

    public static int End(DbConnection connection, string hash) => connection.Execute("DELETE FROM account_session WHERE hash = @hash", new { hash });

    /// <param name="but">The one that stays; null for none.</param>
    public static int EndAll(DbConnection connection, string account, string? but = null) =>
        connection.Execute("DELETE FROM account_session WHERE account = @account AND (@but IS NULL OR hash <> @but)", new { account, but });

    /// <summary>Those that nobody can use any more.</summary>
    public static void Clean(DbConnection connection, DateTimeOffset usedSince, DateTimeOffset now) =>
        connection.Execute("DELETE FROM account_session WHERE seen_at <= @since OR ends_at <= @now", new { since = SqlTime.Of(usedSince), now = SqlTime.Of(now) });

    /// <summary>The sessions of an account, newest first.</summary>
    public static SessionView[] Of(DbConnection connection, string account) => [.. connection.Query<(string Hash, long CreatedAt, long SeenAt, string Address, string Agent)>(
        "SELECT hash, created_at, seen_at, address, agent FROM account_session WHERE account = @account ORDER BY seen_at DESC", new { account })
        .Select(row => new SessionView(row.Hash, SqlTime.From(row.CreatedAt), SqlTime.From(row.SeenAt), row.Address, row.Agent))];

    private sealed class Row
    {
        public string Account { get; init; } = "";
        public long SeenAt { get; init; }
    }
}

/// <param name="Hash">Of the id.</param>
/// <param name="Agent">What the browser says it is.</param>
internal sealed record SessionView(string Hash, DateTimeOffset CreatedAt, DateTimeOffset SeenAt, string Address, string Agent);
