using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Web;

/// <summary>What the pages of settings and audit show.</summary>
internal sealed class AccessData(
    IHttpContextAccessor http, Visitor visitor, Audit audit, AccountDesk accounts, ApiTokens tokens, TokenStore codes, CertificateStore certificates, FleetAuthority authority, TrustView trust, TwinStore twins, Database database, TimeProvider time)
{
    private const int MostRefused = 20;
    private static readonly TimeSpan Lately = TimeSpan.FromDays(1);

    private CancellationToken Gone => http.HttpContext?.RequestAborted ?? CancellationToken.None;

    /// <summary>The visitor's own; empty for programs.</summary>
    public async Task<IReadOnlyList<SessionView>> Sessions() =>
        visitor.Principal is { Session: not null, Account: { } account } ? await database.ReadAsync(connection => SessionTable.Of(connection, account), Gone) : [];

    /// <summary>As its row has it, for the part of the second factor; null for programs without one.</summary>
    public async Task<AccountRow?> Account() => visitor.Principal?.Account is { } account ? await database.ReadAsync(connection => AccountTable.ById(connection, account), Gone) : null;

    /// <summary>The visitor's account; null for programs without one.</summary>
    public async Task<AccountView?> Own() =>
        visitor.Principal?.Account is { } account ? (await database.ReadAsync(connection => AccountTable.ById(connection, account), Gone))?.View(time.GetUtcNow()) : null;

    /// <summary>The visitor's tokens; everybody's, for who administers everywhere.</summary>
    public async Task<IReadOnlyList<ApiTokenView>> Tokens() => visitor.Principal is { } who ? await tokens.ListAsync(who, Gone) : [];

    public async Task<IReadOnlyList<AccountView>> Accounts() => await accounts.ListAsync(Gone);

    /// <summary>Somebody's account and where they are signed in; null when nobody is called so.</summary>
    public Task<(AccountView? Account, IReadOnlyList<SessionView> Sessions)> Person(string name) => database.ReadAsync<(AccountView?, IReadOnlyList<SessionView>)>(
        connection => AccountName.Read(name) is { } known && AccountTable.ByName(connection, known) is { } row ? (row.View(time.GetUtcNow()), SessionTable.Of(connection, row.Id)) : (null, []), Gone);

    /// <summary>Sites that have devices.</summary>
    public IReadOnlyList<string> Sites() => [.. FleetMap.Of(twins.Survey()).Select(site => site.Name)];

    /// <summary>Codes that still let somebody in, good certificates, and who was turned away since yesterday.</summary>
    public async Task<EnrolmentState> Enrolment()
    {
        if (!authority.IsHere) return new EnrolmentState(false, [], [], []);
        var now = time.GetUtcNow();
        await authority.FindIssuedAsync(Gone);
        var open = (await codes.ListAsync(Gone)).Where(code => code.RevokedAt is null && code.ExpiresAt > now && code.Used < code.Uses).ToArray();
        var good = (await certificates.ListAsync(null, Gone)).Where(one => one.RevokedAt is null && one.NotAfter > now).ToArray();
        var refused = (await audit.ReadAsync(new AuditFilter(Action: EnrolmentDesk.RefusedAction, Since: now - Lately), 0, newest: true, MostRefused, Gone)).Entries;
        var known = good.Select(one => one.Device.Value).ToHashSet(StringComparer.Ordinal);
        return new EnrolmentState(true, open, good, [.. refused.Select(entry => RefusedDevice.Of(entry, known))]);
    }

    public TrustState Keys() => trust.Read();

    /// <summary>The newest first.</summary>
    public Task<AuditPage> Audit(AuditFilter filter, long before, int limit) => audit.ReadAsync(filter, before, newest: true, limit, Gone);

    /// <summary>Walks the whole log.</summary>
    public Task<AuditVerification> Verification() => audit.VerifyAsync(Gone);
}
