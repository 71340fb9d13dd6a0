using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>An account as its row has it, with its roles.</summary>
internal sealed class AccountRow
{
    public string Id { get; init; } = "";
    public string Name { get; init; } = "";
    public string? Password { get; init; }
    public long CreatedAt { get; init; }
    public string CreatedBy { get; init; } = "";
    public long? DisabledAt { get; init; }
    public int Failures { get; init; }
    public long LockedUntil { get; init; }
    public string? Totp { get; init; }
    public string? TotpAsked { get; init; }
    public long TotpStep { get; init; }
    public string Recovery { get; init; } = "";
    public string? Issuer { get; init; }
    public long? SignedInAt { get; init; }
    public IReadOnlyList<RoleGrant> Roles { get; set; } = [];

    public Principal Principal => new(Name, PrincipalKind.Account, Id, [.. Roles.Select(role => new Grant(Rights.Roles.Of(role.Role), role.Site))]);

    public FactorView Factor => new(Totp is not null, TotpAsked is not null, SecondFactor.CodesLeft(this));

    public AccountView View(DateTimeOffset now) => new(
        Name, Roles, SqlTime.From(CreatedAt), CreatedBy, DisabledAt is not null, LockedUntil > SqlTime.Of(now) ? SqlTime.From(LockedUntil) : null, Totp is not null, Issuer,
        SignedInAt is { } at ? SqlTime.From(at) : null);
}

/// <summary>The rows of people, inside a transaction or read of the caller's.</summary>
internal static class AccountTable
{
    private const string Columns = """
        id, name, password, created_at AS CreatedAt, created_by AS CreatedBy, disabled_at AS DisabledAt, failures, locked_until AS LockedUntil, totp, totp_asked AS TotpAsked,
        totp_step AS TotpStep, recovery, issuer, signed_in_at AS SignedInAt
        """;

    public static AccountRow? ByName(DbConnection connection, string name) => WithRoles(connection, connection.QuerySingleOrDefault<AccountRow>($"SELECT {Columns} FROM account WHERE name = @name", new { name }));

    public static AccountRow? ById(DbConnection connection, string id) => WithRoles(connection, connection.QuerySingleOrDefault<AccountRow>($"SELECT {Columns} FROM account WHERE id = @id", new { id }));

    public static AccountRow[] All(DbConnection connection)
    {
        var roles = connection.Query<(string Account, string Role, string Site)>("SELECT account, role, site FROM account_role").ToLookup(row => row.Account, row => Read(row.Role, row.Site));
        var rows = connection.Query<AccountRow>($"SELECT {Columns} FROM account ORDER BY name").ToArray();
        foreach (var row in rows) row.Roles = [.. roles[row.Id].OfType<RoleGrant>()];
        return rows;
    }

    /// <summary>Whether anybody can sign in who may make accounts everywhere.</summary>
    public static bool HasAdministrator(DbConnection connection) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM account JOIN account_role ON account = id WHERE role = @role AND site = '' AND disabled_at IS NULL AND (password IS NOT NULL OR issuer IS NOT NULL))", new { role = nameof(Role.Admin) });

    public static AccountRow Add(DbConnection connection, string name, IEnumerable<RoleGrant> roles, string by, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now).ToString("N");
        connection.Execute("INSERT INTO account (id, name, created_at, created_by) VALUES (@id, @name, @at, @by)", new { id, name, at = SqlTime.Of(now), by });
        foreach (var role in roles) Give(connection, id, role);
        return ById(connection, id)!;
    }

    public static void Give(DbConnection connection, string account, RoleGrant role) => connection.Execute(
        "INSERT INTO account_role (account, role, site) VALUES (@account, @role, @site) ON CONFLICT (account, role, site) DO NOTHING", new { account, role = role.Role.ToString(), site = role.Site ?? "" });

    public static void Take(DbConnection connection, string account, RoleGrant role) => connection.Execute(
        "DELETE FROM account_role WHERE account = @account AND role = @role AND site = @site", new { account, role = role.Role.ToString(), site = role.Site ?? "" });

    public static void SetDisabled(DbConnection connection, string id, DateTimeOffset? at) => connection.Execute("UPDATE account SET disabled_at = @at WHERE id = @id", new { id, at = at is { } then ? SqlTime.Of(then) : (long?)null });

    private static AccountRow? WithRoles(DbConnection connection, AccountRow? row)
    {
        if (row is null) return null;
        row.Roles = [.. connection.Query<(string Role, string Site)>("SELECT role, site FROM account_role WHERE account = @Id ORDER BY role, site", new { row.Id }).Select(role => Read(role.Role, role.Site)).OfType<RoleGrant>()];
        return row;
    }

    /// <summary>A role that a newer fleet wrote gives nothing here.</summary>
    private static RoleGrant? Read(string role, string site) => Enum.TryParse<Role>(role, out var known) ? new RoleGrant(known, site.Length == 0 ? null : site) : null;
}
