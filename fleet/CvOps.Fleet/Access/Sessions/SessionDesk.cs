using System.Data.Common;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access.Sessions;

/// <param name="Account">Who signed in; null when nobody did.</param>
/// <param name="TooMany">The address has failed so often that it is not listened to for a minute.</param>
internal sealed record SignInOutcome(AccountRow? Account, bool TooMany);

/// <summary>
/// Lets people in by name, password and, where the account asks for it, a one-time code. Why somebody is not let in nobody is told: an account that is not there,
/// a wrong password and a locked account take as long and say the same.
/// </summary>
internal sealed class SessionDesk(Database database, SharedWrites shared, Passwords passwords, IOptions<FleetOptions> options, TimeProvider time)
{
    /// <summary>Failures a minute of one address.</summary>
    private const int MostFailures = 10;

    private const int LongestAgent = 200;
    private static readonly TimeSpan UseIsNoted = TimeSpan.FromMinutes(1);

    private readonly AttemptLimit _sources = new(MostFailures, time);

    /// <returns>Whose session the request's cookie names; null for none.</returns>
    public async Task<Principal?> FindAsync(HttpContext http)
    {
        if (SessionCookie.Read(http) is not { } id) return null;
        var (hash, now) = (Secrets.Hash(id), time.GetUtcNow());
        var (row, seen) = await database.ReadAsync(connection => SessionTable.Find(connection, hash, now - options.Value.SessionIdle, now) is { } session
            ? (AccountTable.ById(connection, session.Account), session.SeenAt) : (null, default), http.RequestAborted);
        if (row is not { DisabledAt: null }) return null;
        if (seen + UseIsNoted < now) await shared.WriteAsync(connection => SessionTable.Touch(connection, hash, now), http.RequestAborted);
        return row.Principal with { Session = hash, FormToken = FormGuard.TokenOf(id) };
    }

    /// <summary>Looks at password and code; opens no session.</summary>
    public async Task<SignInOutcome> ProveAsync(string name, string password, string? code, HttpContext http)
    {
        var source = http.Connection.RemoteIpAddress?.ToString() ?? "";
        if (_sources.IsReached(source)) return new SignInOutcome(null, true);
        var known = AccountName.Read(name);
        var row = known is null ? null : await database.ReadAsync(connection => AccountTable.ByName(connection, known), http.RequestAborted);
        var (right, weak) = passwords.Verify(row?.Password, password);
        var now = time.GetUtcNow();
        var anew = right && weak ? passwords.Hash(password) : null;
        // What was read a moment ago may have changed meanwhile: two attempts at once count as two, and a code is used once.
        var let = row is not null && await database.WriteAsync(connection => Decide(connection, row.Id, right, code, anew, source, now), http.RequestAborted);
        if (let) return new SignInOutcome(row, false);
        if (_sources.Failed(source) == MostFailures || row is null)
            await database.WriteAsync(connection => Audit.Add(connection, now, "fleet", "sign-in.refused", row?.Name ?? "unknown", $"from {source}"), http.RequestAborted);
        return new SignInOutcome(null, false);
    }

    /// <summary>A new session with a new id, whatever the browser brought; what it had before ends.</summary>
    public async Task OpenAsync(HttpContext http, AccountRow account, string how, CancellationToken cancel)
    {
        var (id, now) = (Secrets.Make(), time.GetUtcNow());
        var ends = now + options.Value.SessionLifetime;
        var before = SessionCookie.Read(http) is { } old ? Secrets.Hash(old) : null;
        var (source, agent) = (http.Connection.RemoteIpAddress?.ToString() ?? "", http.Request.Headers.UserAgent.ToString());
        await database.WriteAsync(connection =>
        {
            SessionTable.Clean(connection, now - options.Value.SessionIdle, now);
            if (before is not null) SessionTable.End(connection, before);
            SessionTable.Add(connection, Secrets.Hash(id), account.Id, now, ends, source, agent.Length > LongestAgent ? agent[..LongestAgent] : agent);
            return Audit.Add(connection, now, account.Name, "signed.in", account.Name, $"{how} from {source}");
        }, cancel);
        SessionCookie.Write(http, id, ends);
    }

    /// <param name="everywhere">All sessions of the account, not this one alone.</param>
    public async Task CloseAsync(HttpContext http, Principal principal, bool everywhere, CancellationToken cancel)
    {
        if (principal is { Session: { } hash, Account: { } account })
            await database.WriteAsync(connection =>
            {
                var ended = everywhere ? SessionTable.EndAll(connection, account) : SessionTable.End(connection, hash);
                return Audit.Add(connection, time.GetUtcNow(), principal.Name, "signed.out", principal.Name, everywhere ? $"everywhere, {ended} sessions" : "");
            }, cancel);
        SessionCookie.Clear(http);
    }

    private static bool Decide(DbConnection connection, string id, bool right, string? code, string? anew, string source, DateTimeOffset now)
    {
        if (AccountTable.ById(connection, id) is not { } row || row.DisabledAt is not null || row.LockedUntil > SqlTime.Of(now)) return false;
        if (right && row.Totp is not null) right = SecondFactor.Use(connection, row, code ?? "", now);
        if (right)
        {
            if (anew is not null) PasswordTable.Set(connection, id, anew);
            PasswordTable.SignedIn(connection, id, now);
            return true;
        }
        Lockout.Failed(connection, row, source, now);
        return false;
    }
}
