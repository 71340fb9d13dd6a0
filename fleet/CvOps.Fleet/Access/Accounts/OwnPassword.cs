using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Sessions;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access.Accounts;

/// <param name="Refusal">In a sentence; null when it is done.</param>
internal sealed record OwnPasswordOutcome(string? Refusal, bool TooMany);

/// <summary>Whoever is signed in takes another password. The present one is asked for: a page that was left open gives nobody the account.</summary>
internal sealed class OwnPassword(SessionDesk sessions, Database database, Passwords passwords, TimeProvider time)
{
    private const string NoPassword = "Only who is signed in by a password changes it here: sign in at the pages, or ask an administrator for a link (cvops account reset).";
    private const string Wrong = "The present password or the one-time code is wrong, or the account is locked for a while after wrong ones.";
    private const string Same = "This is the present password: take another one.";

    public async Task<OwnPasswordOutcome> ChangeAsync(PasswordChange asked, Principal who, HttpContext http, CancellationToken cancel)
    {
        if (who is not { Session: { } session, Account: { } account }) return Refused(NoPassword);
        if (asked is not { Current: not null, Next: not null }) return Refused("A change of password has current and next.");
        if (Passwords.Problem(asked.Next, who.Name) is { } problem) return Refused(problem);
        if (asked.Next == asked.Current) return Refused(Same);
        var proof = await sessions.ProveAsync(who.Name, asked.Current, asked.Code, http);
        if (proof.TooMany) return new OwnPasswordOutcome(null, true);
        if (proof.Account?.Id != account) return Refused(Wrong);
        var hash = passwords.Hash(asked.Next);
        await database.WriteAsync(connection =>
        {
            PasswordTable.Set(connection, account, hash);
            var ended = SessionTable.EndAll(connection, account, but: session);
            return Audit.Add(connection, time.GetUtcNow(), who.Name, "account.password.changed", who.Name, $"{ended} other sessions ended");
        }, cancel);
        return new OwnPasswordOutcome(null, false);
    }

    private static OwnPasswordOutcome Refused(string why) => new(why, false);
}
