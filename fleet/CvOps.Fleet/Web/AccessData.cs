using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Web;

/// <summary>What the pages of settings and audit show.</summary>
internal sealed class AccessData(IHttpContextAccessor http, Visitor visitor, Audit audit, AccountDesk accounts, ApiTokens tokens, Database database)
{
    private CancellationToken Gone => http.HttpContext?.RequestAborted ?? CancellationToken.None;

    /// <summary>The visitor's own; empty for programs.</summary>
    public async Task<IReadOnlyList<SessionView>> Sessions() =>
        visitor.Principal?.Account is { } account ? await database.ReadAsync(connection => SessionTable.Of(connection, account), Gone) : [];

    public async Task<IReadOnlyList<ApiTokenView>> Tokens() => visitor.Principal is { } who ? await tokens.ListAsync(who, Gone) : [];

    /// <summary>Everybody's, for who administers everywhere.</summary>
    public async Task<IReadOnlyList<AccountView>> Accounts() => visitor.Principal?.MayEverywhere(Permission.Administer) == true ? await accounts.ListAsync(Gone) : [];

    /// <summary>The newest first.</summary>
    public Task<AuditPage> Audit(AuditFilter filter, long before, int limit) => audit.ReadAsync(filter, before, newest: true, limit, Gone);
}
