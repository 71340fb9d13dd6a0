using System.Data.Common;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>Counts wrong passwords and codes of an account and locks it, in a transaction of the caller's.</summary>
internal static class Lockout
{
    /// <param name="source">The address it came from, for the log.</param>
    public static void Failed(DbConnection connection, AccountRow row, string source, DateTimeOffset now)
    {
        var failures = row.Failures + 1;
        var locks = LockoutRule.After(failures);
        PasswordTable.SetFailures(connection, row.Id, failures, now + locks);
        if (locks > TimeSpan.Zero) Audit.Add(connection, now, "fleet", "account.locked", row.Name, $"until {now + locks:u} after {failures} failures, the last from {source}");
        else Audit.Add(connection, now, "fleet", "sign-in.refused", row.Name, $"from {source}");
    }
}
