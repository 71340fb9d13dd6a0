using System.Data.Common;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>What an account proves itself with, inside a transaction of the caller's.</summary>
internal static class PasswordTable
{
    public static void Set(DbConnection connection, string account, string hash) =>
        connection.Execute("UPDATE account SET password = @hash, failures = 0, locked_until = 0 WHERE id = @account", new { account, hash });

    public static void Forget(DbConnection connection, string account) => connection.Execute(
        "UPDATE account SET password = NULL, failures = 0, locked_until = 0, totp = NULL, totp_asked = NULL, totp_step = 0, recovery = '' WHERE id = @account", new { account });

    public static void SetFailures(DbConnection connection, string account, int failures, DateTimeOffset lockedUntil) =>
        connection.Execute("UPDATE account SET failures = @failures, locked_until = @until WHERE id = @account", new { account, failures, until = SqlTime.Of(lockedUntil) });

    public static void SignedIn(DbConnection connection, string account, DateTimeOffset now) =>
        connection.Execute("UPDATE account SET failures = 0, locked_until = 0, signed_in_at = @at WHERE id = @account", new { account, at = SqlTime.Of(now) });
}
