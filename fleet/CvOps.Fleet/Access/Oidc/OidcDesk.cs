using System.Collections.Concurrent;
using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access.Oidc;

/// <summary>Makes an account of whom a provider says somebody is. Its roles are those of the groups of this sign-in, every time.</summary>
internal sealed class OidcDesk(Database database, IOptions<FleetOptions> options, TimeProvider time)
{
    /// <summary>Refusals a minute of one address that go to the audit log.</summary>
    private const int MostTold = 10;

    /// <summary>States that are remembered; beyond, who began longest ago is refused.</summary>
    private const int MostStates = 100_000;

    private readonly AttemptLimit _told = new(MostTold, time);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _used = new();

    /// <summary>Each sign-in ends once, and within ten minutes: an address with its code that lies in a history or a log opens nothing.</summary>
    /// <exception cref="OidcRefusedException">It did, or is too old.</exception>
    public void Use(OidcFlow flow)
    {
        var now = time.GetUtcNow();
        if (flow.Began + OidcFlow.Life < now) throw new OidcRefusedException("the sign-in took longer than ten minutes");
        foreach (var (state, until) in _used) if (until < now) _used.TryRemove(state, out _);
        if (_used.Count >= MostStates) throw new OidcRefusedException("too many sign-ins end at once");
        if (!_used.TryAdd(Secrets.Hash(flow.State), flow.Began + OidcFlow.Life)) throw new OidcRefusedException("the answer was used already (state)");
    }

    /// <exception cref="OidcRefusedException">No group gives a role, the account is disabled, or its name is somebody else's.</exception>
    public async Task<AccountRow> AccountAsync(OidcPerson person, CancellationToken cancel)
    {
        var roles = GroupRule.Of(person.Groups, options.Value.Oidc!.Roles);
        if (AccountName.Read(person.Name) is not { } name) throw new OidcRefusedException($"'{person.Name}' cannot be an account's name. {AccountName.Rule}");
        var account = await database.WriteAsync<AccountRow?>(connection =>
        {
            var now = time.GetUtcNow();
            // By issuer and subject alone: a name can be given to another person.
            var id = connection.ExecuteScalar<string?>("SELECT id FROM account WHERE issuer = @Issuer AND subject = @Subject", new { person.Issuer, person.Subject });
            // Whoever lost their groups keeps no right until somebody thinks of it.
            if (id is not null) SetRoles(connection, AccountTable.ById(connection, id)!, roles, person.Issuer, now);
            if (roles.Count == 0) return null;
            if (id is null)
            {
                if (AccountTable.ByName(connection, name) is not null) throw new OidcRefusedException($"there is an account '{name}' already that is not the provider's");
                id = AccountTable.Add(connection, name, roles, name, now).Id;
                connection.Execute("UPDATE account SET issuer = @Issuer, subject = @Subject WHERE id = @id", new { id, person.Issuer, person.Subject });
                Audit.Add(connection, now, name, "account.created", name, $"by {person.Issuer}: {AccountDesk.Words(roles)}");
            }
            var row = AccountTable.ById(connection, id)!;
            if (row.DisabledAt is not null) throw new OidcRefusedException($"{row.Name} is disabled here");
            PasswordTable.SignedIn(connection, id, now);
            return row;
        }, cancel);
        return account ?? throw new OidcRefusedException($"{person.Name} is in no group that has a role here") { Told = "group" };
    }

    /// <summary>Why somebody was not let in, for the log.</summary>
    public async Task RefusedAsync(string source, string why, CancellationToken cancel)
    {
        if (_told.Failed(source) > MostTold) return;
        await database.WriteAsync(connection => Audit.Add(connection, time.GetUtcNow(), "fleet", "sign-in.refused", "provider", $"from {source}: {why}"), cancel);
    }

    private static void SetRoles(DbConnection connection, AccountRow row, IReadOnlyList<RoleGrant> roles, string issuer, DateTimeOffset now)
    {
        if (row.Roles.ToHashSet().SetEquals(roles)) return;
        foreach (var role in row.Roles) AccountTable.Take(connection, row.Id, role);
        foreach (var role in roles) AccountTable.Give(connection, row.Id, role);
        SessionTable.EndAll(connection, row.Id);
        Audit.Add(connection, now, "fleet", "account.granted", row.Name, $"by its groups at {issuer}: {(roles.Count == 0 ? "nothing" : AccountDesk.Words(roles))}");
    }
}
