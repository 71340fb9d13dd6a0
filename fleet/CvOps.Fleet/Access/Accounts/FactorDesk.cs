using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access.Accounts;

/// <param name="Refusal">In a sentence; null when it is done.</param>
internal sealed record FactorOutcome<T>(T? Done, string? Refusal) where T : class;

/// <summary>
/// People give their own account a second factor, and take it away. Each change takes the password or a code, so that nobody makes one with a browser that was left
/// open or a token that was found; wrong ones count as at the sign-in.
/// </summary>
internal sealed class FactorDesk(Database database, Passwords passwords, TimeProvider time)
{
    private const string NoAccount = "This token is no person's, so it has no second factor: sign in with an account.";
    private const string Wrong = "Password or code is wrong, or the account is locked for a while after wrong ones.";

    /// <returns>As it is now; null where nobody has an account.</returns>
    public Task<FactorView?> ReadAsync(Principal who, CancellationToken cancel) => database.ReadAsync(connection => Find(connection, who)?.Factor, cancel);

    /// <summary>What the page draws until the first code was shown.</summary>
    /// <returns>The secret that waits; null when none does.</returns>
    public Task<string?> WaitingAsync(Principal who, CancellationToken cancel) => database.ReadAsync(connection => Find(connection, who)?.TotpAsked, cancel);

    /// <summary>A new secret; it counts from <see cref="ConfirmAsync"/> on.</summary>
    /// <param name="source">The address it comes from, as in the others.</param>
    public Task<FactorOutcome<string>> AskAsync(Principal who, FactorProof proof, string source, CancellationToken cancel) => ProvedAsync<string>(who, proof, source, (connection, row, _) =>
        row.Totp is null ? new(SecondFactor.Ask(connection, row.Id), null) : new(null, "There is a second factor already: remove it, then set up another one."), cancel);

    /// <summary>From here on signing in takes a code; the account's other sessions, which showed none, end.</summary>
    public Task<FactorOutcome<FactorCodes>> ConfirmAsync(Principal who, string code, CancellationToken cancel) => database.WriteAsync<FactorOutcome<FactorCodes>>(connection =>
    {
        if (Find(connection, who) is not { } row) return new(null, NoAccount);
        var now = time.GetUtcNow();
        if (row.TotpAsked is null) return new(null, "No secret waits for a code: set one up first.");
        if (SecondFactor.Confirm(connection, row, code, now) is not { } codes) return new(null, "The code is not of this secret. It changes every 30 seconds: take the newest, and look whether the telephone's clock is right.");
        SessionTable.EndAll(connection, row.Id, but: who.Session);
        Audit.Add(connection, now, row.Name, "account.factor.set-up", row.Name, "");
        return new(new FactorCodes(codes), null);
    }, cancel);

    public Task<FactorOutcome<FactorCodes>> RenewCodesAsync(Principal who, FactorProof proof, string source, CancellationToken cancel) => ProvedAsync<FactorCodes>(who, proof, source, (connection, row, now) =>
    {
        if (row.Totp is null) return new(null, "There is no second factor, so no recovery codes belong to it.");
        Audit.Add(connection, now, row.Name, "account.recovery-codes.made", row.Name, "");
        return new(new FactorCodes(SecondFactor.MakeCodes(connection, row.Id)), null);
    }, cancel);

    /// <summary>Also a secret that only waits.</summary>
    public Task<FactorOutcome<FactorView>> RemoveAsync(Principal who, FactorProof proof, string source, CancellationToken cancel) => ProvedAsync<FactorView>(who, proof, source, (connection, row, now) =>
    {
        SecondFactor.Remove(connection, row.Id);
        if (row.Totp is not null) Audit.Add(connection, now, row.Name, "account.factor.removed", row.Name, $"from {source}");
        return new(new FactorView(false, false, 0), null);
    }, cancel);

    private async Task<FactorOutcome<T>> ProvedAsync<T>(Principal who, FactorProof proof, string source, Func<DbConnection, AccountRow, DateTimeOffset, FactorOutcome<T>> act, CancellationToken cancel) where T : class
    {
        var known = await database.ReadAsync(connection => Find(connection, who), cancel);
        if (known is null) return new(null, NoAccount);
        if (known.Issuer is { } issuer) return new(null, $"{known.Name} signs in at {issuer}: a second factor is set up there.");
        // Slow on purpose, so outside of the transaction.
        var right = proof.Password is { Length: > 0 } password && passwords.Verify(known.Password, password).Right;
        return await database.WriteAsync<FactorOutcome<T>>(connection =>
        {
            var now = time.GetUtcNow();
            if (Find(connection, who) is not { } row || row.LockedUntil > SqlTime.Of(now)) return new(null, Wrong);
            if (right || (row.Totp is not null && proof.Code is { Length: > 0 } code && SecondFactor.Use(connection, row, code, now))) return act(connection, row, now);
            Lockout.Failed(connection, row, source, now);
            return new(null, Wrong);
        }, cancel);
    }

    private static AccountRow? Find(DbConnection connection, Principal who) => who.Account is { } id ? AccountTable.ById(connection, id) : null;
}
