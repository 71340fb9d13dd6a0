using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access.Accounts;

/// <param name="Refusal">In a sentence; null when it is done. Both null: there is no such account.</param>
internal sealed record AccountOutcome(AccountLink? Done, string? Refusal);

/// <summary>Makes accounts and changes what they may. A change of rights ends the sessions of whoever it is about.</summary>
internal sealed class AccountDesk(Database database, TimeProvider time)
{
    private const string LastOne = "This is the last administrator who can sign in; make another one first.";

    public Task<AccountView[]> ListAsync(CancellationToken cancel) => database.ReadAsync(connection => AccountTable.All(connection).Select(row => row.View(time.GetUtcNow())).ToArray(), cancel);

    public Task<AccountOutcome> AddAsync(AccountRequest asked, string by, CancellationToken cancel)
    {
        if (AccountName.Read(asked.Name) is not { } name) return Refused(AccountName.Rule);
        if (asked.Roles is null) return Refused("Say what the account may (roles); an empty list is an account that may nothing yet.");
        if (Problem(asked.Roles) is { } problem) return Refused(problem);
        return database.WriteAsync(connection =>
        {
            if (AccountTable.ByName(connection, name) is not null) return new AccountOutcome(null, $"There is an account '{name}' already.");
            var now = time.GetUtcNow();
            var row = AccountTable.Add(connection, name, asked.Roles, by, now);
            var (link, until) = AccountLinks.Make(connection, row.Id, now);
            Audit.Add(connection, now, by, "account.created", name, Words(asked.Roles));
            return new AccountOutcome(new AccountLink(row.View(now), link, until), null);
        }, cancel);
    }

    public async Task<AccountOutcome> ChangeAsync(string name, AccountChange change, string by, CancellationToken cancel)
    {
        if (Problem([.. change.Grant ?? [], .. change.Revoke ?? []]) is { } problem) return new AccountOutcome(null, problem);
        try
        {
            return await database.WriteAsync(connection => Change(connection, name, change, by), cancel);
        }
        catch (LastAdministratorException)
        {
            return new AccountOutcome(null, LastOne);
        }
    }

    /// <summary>Takes password and second factor away, ends every session, and gives a link to set a new password.</summary>
    public Task<AccountOutcome> ResetAsync(string name, string by, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        if (Find(connection, name) is not { } row) return new AccountOutcome(null, null);
        if (row.Issuer is not null) return new AccountOutcome(null, $"{row.Name} signs in at {row.Issuer}: there is no password here.");
        var now = time.GetUtcNow();
        PasswordTable.Forget(connection, row.Id);
        SessionTable.EndAll(connection, row.Id);
        var (link, until) = AccountLinks.Make(connection, row.Id, now);
        Audit.Add(connection, now, by, "account.reset", row.Name, "password and second factor are taken away");
        return new AccountOutcome(new AccountLink(AccountTable.ById(connection, row.Id)!.View(now), link, until), null);
    }, cancel);

    /// <summary>Of a change that would lock everybody out nothing remains.</summary>
    private AccountOutcome Change(DbConnection connection, string name, AccountChange change, string by)
    {
        if (Find(connection, name) is not { } row) return new AccountOutcome(null, null);
        if (row.Issuer is { } issuer && (change.Grant ?? []).Concat(change.Revoke ?? []).Any()) return new AccountOutcome(null, $"{row.Name}'s roles are those of its groups at {issuer} (Fleet:Oidc:Roles): change them there.");
        var (now, before) = (time.GetUtcNow(), AccountTable.HasAdministrator(connection));
        foreach (var role in change.Grant ?? []) AccountTable.Give(connection, row.Id, role);
        foreach (var role in change.Revoke ?? []) AccountTable.Take(connection, row.Id, role);
        if (change.Disabled is { } disabled) AccountTable.SetDisabled(connection, row.Id, disabled ? now : null);
        if (before && !AccountTable.HasAdministrator(connection)) throw new LastAdministratorException();
        var ended = SessionTable.EndAll(connection, row.Id);
        if (change.EndSessions == true) Audit.Add(connection, now, by, "account.sessions.ended", row.Name, $"{ended} sessions");
        if (change.Grant is { Count: > 0 } given) Audit.Add(connection, now, by, "account.granted", row.Name, Words(given));
        if (change.Revoke is { Count: > 0 } taken) Audit.Add(connection, now, by, "account.revoked", row.Name, Words(taken));
        if (change.Disabled is { } off) Audit.Add(connection, now, by, off ? "account.disabled" : "account.enabled", row.Name, "");
        return new AccountOutcome(new AccountLink(AccountTable.ById(connection, row.Id)!.View(now), null, null), null);
    }

    public static string Words(IEnumerable<RoleGrant> roles) => string.Join(", ", roles.Select(role => $"{role.Role.ToString().ToLowerInvariant()}{(role.Site is null ? "" : $" on {role.Site}")}"));

    private static AccountRow? Find(DbConnection connection, string name) => AccountName.Read(name) is { } known ? AccountTable.ByName(connection, known) : null;

    private static string? Problem(IEnumerable<RoleGrant> roles) => roles.FirstOrDefault(role => role.Site is { } site && !Identifier.IsValid(site)) is { } wrong ? $"'{wrong.Site}' is no name of a site." : null;

    private static Task<AccountOutcome> Refused(string why) => Task.FromResult(new AccountOutcome(null, why));

    private sealed class LastAdministratorException : Exception;
}
