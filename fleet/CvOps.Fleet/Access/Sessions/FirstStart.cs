using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access.Sessions;

/// <param name="Refusal">In a sentence; null when it is done.</param>
internal sealed record WelcomeOutcome(AccountRow? Account, string? Refusal);

/// <summary>How the first administrator, and everybody whom one lets in, gets a password: by a link that opens once within an hour. There is no default password.</summary>
internal sealed class FirstStart(Database database, Passwords passwords, TimeProvider time)
{
    public const string Over = "This link opens nothing: it was used, is over after an hour, or a newer one was made. An administrator makes a new one with 'cvops account reset NAME'; while there is none, the fleet prints one when it starts.";

    /// <returns>The path of a new link while nobody could make accounts; null when somebody can.</returns>
    public Task<(string Path, DateTimeOffset Until)?> LinkAsync(CancellationToken cancel) => database.WriteAsync<(string, DateTimeOffset)?>(connection =>
        AccountTable.HasAdministrator(connection) ? null : AccountLinks.Make(connection, null, time.GetUtcNow()), cancel);

    /// <returns>Whether the link opens, and whose it is; a null name: whoever comes is the first administrator and chooses one.</returns>
    public Task<(bool Opens, string? Name)> LookAsync(string secret, CancellationToken cancel) => database.ReadAsync(connection =>
        AccountLinks.Look(connection, secret, time.GetUtcNow()) is (true, var account)
            ? account is null ? (!AccountTable.HasAdministrator(connection), null) : (AccountTable.ById(connection, account) is { DisabledAt: null }, AccountTable.ById(connection, account)?.Name)
            : (false, null), cancel);

    public async Task<WelcomeOutcome> WelcomeAsync(string secret, string? name, string password, CancellationToken cancel)
    {
        var (opens, owner) = await LookAsync(secret, cancel);
        if (!opens) return new WelcomeOutcome(null, Over);
        if ((owner ?? AccountName.Read(name)) is not { } called) return new WelcomeOutcome(null, AccountName.Rule);
        if (Passwords.Problem(password, called) is { } problem) return new WelcomeOutcome(null, problem);
        var hash = passwords.Hash(password);
        return await database.WriteAsync(connection =>
        {
            var now = time.GetUtcNow();
            if (owner is null && AccountTable.ByName(connection, called) is not null) return new WelcomeOutcome(null, $"There is an account '{called}' already: take another name.");
            var (used, account) = AccountLinks.Use(connection, secret, now);
            if (!used || (account is null && AccountTable.HasAdministrator(connection))) return new WelcomeOutcome(null, Over);
            var row = account is null ? AccountTable.Add(connection, called, [new RoleGrant(Role.Admin)], called, now) : AccountTable.ById(connection, account)!;
            PasswordTable.Set(connection, row.Id, hash);
            SessionTable.EndAll(connection, row.Id);
            Audit.Add(connection, now, row.Name, account is null ? "account.first-administrator" : "account.password.set", row.Name, "by a link that opens once");
            return new WelcomeOutcome(row, null);
        }, cancel);
    }
}
