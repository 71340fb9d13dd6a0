using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access.Rights;

/// <summary>Whether somebody signed in, a program shows its token, or a program of this machine shows the local one.</summary>
internal enum PrincipalKind { Account, Token, Local }

/// <summary>Who asks, and what that may do where.</summary>
/// <param name="Name">For the audit log: the account's, also where one of its tokens is shown.</param>
/// <param name="Account">Id; null for tokens without an owner.</param>
internal sealed record Principal(string Name, PrincipalKind Kind, string? Account, IReadOnlyList<Grant> Grants)
{
    /// <summary>SHA-256 of the session's id; null where nobody signed in by a page.</summary>
    public string? Session { get; init; }

    /// <summary>Id of the API token that was shown; null where none was.</summary>
    public string? Token { get; init; }

    /// <summary>What changes from a page of this session have to carry.</summary>
    public string? FormToken { get; init; }

    /// <summary>Programs of this machine and those an administrator trusts say themselves in whose name they act.</summary>
    public bool ActsForOthers => May(Permission.ActFor);

    /// <summary>Somewhere.</summary>
    /// <param name="any">One of these is enough.</param>
    public bool May(Permission any) => Grants.Any(grant => (grant.Permissions & any) != 0);

    /// <summary>On every site, also those to come.</summary>
    public bool MayEverywhere(Permission any) => Grants.Any(grant => grant.Site is null && (grant.Permissions & any) != 0);

    public bool MayAt(Permission any, string site) => Grants.Any(grant => (grant.Site is null || grant.Site == site) && (grant.Permissions & any) != 0);

    /// <summary>The sites where it may; null for all of them.</summary>
    public IReadOnlyList<string>? Sites(Permission any) => MayEverywhere(any)
        ? null
        : [.. Grants.Where(grant => (grant.Permissions & any) != 0).Select(grant => grant.Site!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public Permission Permissions => Roles.Join(Grants.Select(grant => grant.Permissions));

    public WhoView View() => new(Name, Kind.ToString().ToLowerInvariant(), Roles.Each(Permissions), Sites(Permission.Read)) { FormToken = FormToken };

    /// <summary>So handlers take it as a parameter. Behind the gate there always is one, unless the address is open.</summary>
    public static ValueTask<Principal> BindAsync(HttpContext http) => ValueTask.FromResult(Of(http) ?? throw new InvalidOperationException("Nobody asks here: the address is open to all."));

    public static Principal? Of(HttpContext http) => http.Features.Get<Principal>();
}
