using System.Data.Common;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>Links that let somebody set a password once: the first administrator's, a new account's, and after a reset. Inside a transaction of the caller's.</summary>
internal static class AccountLinks
{
    /// <summary>The page that reads the secret behind #.</summary>
    public const string Page = "/welcome";

    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <param name="account">Null: whoever comes names the first administrator.</param>
    public static (string Path, DateTimeOffset Until) Make(DbConnection connection, string? account, DateTimeOffset now)
    {
        // Only the newest one opens.
        connection.Execute("DELETE FROM account_link WHERE account = @account OR (account IS NULL AND @account IS NULL)", new { account });
        var (secret, until) = (Secrets.Make(), now + Life);
        connection.Execute("INSERT INTO account_link (hash, account, expires_at) VALUES (@hash, @account, @until)", new { hash = Secrets.Hash(secret), account, until = SqlTime.Of(until) });
        return ($"{Page}#{secret}", until);
    }

    /// <summary>Uses the link up.</summary>
    /// <returns>Whether it opens, and for whom.</returns>
    public static (bool Opens, string? Account) Use(DbConnection connection, string secret, DateTimeOffset now)
    {
        var hash = Secrets.Hash(secret);
        if (connection.Execute("UPDATE account_link SET used_at = @now WHERE hash = @hash AND used_at IS NULL AND expires_at > @now", new { hash, now = SqlTime.Of(now) }) == 0) return (false, null);
        return (true, connection.ExecuteScalar<string?>("SELECT account FROM account_link WHERE hash = @hash", new { hash }));
    }

    /// <summary>Whether it would open, and for whom; it stays as it is.</summary>
    public static (bool Opens, string? Account) Look(DbConnection connection, string secret, DateTimeOffset now) =>
        connection.QuerySingleOrDefault<Row>("SELECT account FROM account_link WHERE hash = @hash AND used_at IS NULL AND expires_at > @now", new { hash = Secrets.Hash(secret), now = SqlTime.Of(now) }) is { } row
            ? (true, row.Account) : (false, null);

    private sealed class Row
    {
        public string? Account { get; init; }
    }
}
