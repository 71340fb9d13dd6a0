using System.Data.Common;
using System.Security.Cryptography;
using Dapper;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>One-time codes of an account, and the codes on paper for a lost telephone. Inside a transaction of the caller's.</summary>
internal static class SecondFactor
{
    private const int Codes = 8;

    // No letters that look like digits.
    private const string Letters = "abcdefghjkmnpqrstuvwxyz23456789";
    private const int CodeLetters = 10;

    /// <summary>A secret that waits until its owner has shown a code of it.</summary>
    public static string Ask(DbConnection connection, string account)
    {
        var secret = Totp.Secret();
        connection.Execute("UPDATE account SET totp_asked = @secret WHERE id = @account", new { account, secret });
        return secret;
    }

    /// <returns>The codes for paper, shown this once; null when the code is not of the secret that waits.</returns>
    public static string[]? Confirm(DbConnection connection, AccountRow row, string code, DateTimeOffset now)
    {
        if (row.TotpAsked is not { } secret || Totp.Match(secret, code, now, 0) is not { } step) return null;
        connection.Execute("UPDATE account SET totp = @secret, totp_asked = NULL, totp_step = @step WHERE id = @Id", new { row.Id, secret, step });
        return MakeCodes(connection, row.Id);
    }

    /// <summary>New codes for paper; those of before open nothing.</summary>
    public static string[] MakeCodes(DbConnection connection, string account)
    {
        string[] codes = [.. Enumerable.Range(0, Codes).Select(_ => RandomNumberGenerator.GetString(Letters, CodeLetters))];
        connection.Execute("UPDATE account SET recovery = @recovery WHERE id = @account", new { account, recovery = string.Join(' ', codes.Select(Secrets.Hash)) });
        return [.. codes.Select(code => $"{code[..(CodeLetters / 2)]}-{code[(CodeLetters / 2)..]}")];
    }

    public static int CodesLeft(AccountRow row) => Left(row).Length;

    public static void Remove(DbConnection connection, string account) => connection.Execute("UPDATE account SET totp = NULL, totp_asked = NULL, totp_step = 0, recovery = '' WHERE id = @account", new { account });

    /// <summary>Each code opens once: the clock's by its step, one of paper by being struck out.</summary>
    public static bool Use(DbConnection connection, AccountRow row, string code, DateTimeOffset now)
    {
        if (Totp.Match(row.Totp!, code, now, row.TotpStep) is { } step) return connection.Execute("UPDATE account SET totp_step = @step WHERE id = @Id", new { row.Id, step }) > 0;
        var hash = Secrets.Hash(string.Concat(code.ToLowerInvariant().Where(letter => letter != '-' && !char.IsWhiteSpace(letter))));
        var left = Left(row);
        if (!left.Contains(hash)) return false;
        connection.Execute("UPDATE account SET recovery = @recovery WHERE id = @Id", new { row.Id, recovery = string.Join(' ', left.Where(one => one != hash)) });
        Audit.Add(connection, now, row.Name, "account.recovery-code.used", row.Name, $"{left.Length - 1} are left");
        return true;
    }

    private static string[] Left(AccountRow row) => row.Recovery.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
