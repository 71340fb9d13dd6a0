using System.Text.RegularExpressions;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking.Registry;

/// <summary>Aliases as MLflow's clients move them. One of a package is CvOps' own and goes the way of <see cref="ModelAliases"/>, with its history and its refusals.</summary>
internal sealed partial class RegistryAliases(Database database, SharedWrites shared, ModelAliases packages)
{
    private const string Reason = "moved by an MLflow client";

    /// <exception cref="TrackingException">There is no such version, or the alias cannot point to it.</exception>
    public async Task SetAsync(string name, string alias, string version, string by, CancellationToken cancel)
    {
        if (!Identifier.IsValid(alias) || alias == "latest" || VersionLike().IsMatch(alias))
            throw TrackingException.Invalid($"'{alias}' is no name for an alias: letters, digits, '-', '_' and '.', at most 64, neither 'latest' nor of the form v1.");
        if ((await database.ReadMomentAsync(connection => RegistryReader.Version(connection, name, version), cancel)).Digest is { } digest)
        {
            if ((await packages.MoveAsync(name, alias, new AliasRequest(digest, by, Reason), cancel)).Refusal is { } refusal) throw TrackingException.Invalid(refusal);
            await RemoveOwnAsync(name, alias, cancel);
            return;
        }
        await shared.WriteAsync(connection =>
        {
            RegistryReader.Version(connection, name, version);
            if (ModelTables.Pointed(connection, name, alias) is not null)
                throw TrackingException.Invalid($"{name}@{alias} points to a package that devices may run: take that alias away first.");
            return connection.Execute("INSERT INTO registered_model_alias (name, alias, version) VALUES (@name, @alias, @version) ON CONFLICT (name, alias) DO UPDATE SET version = excluded.version",
                new { name, alias, version });
        }, cancel);
    }

    /// <summary>Takes an alias away; one that there is not is gone already.</summary>
    public async Task DeleteAsync(string name, string alias, string by, CancellationToken cancel)
    {
        if (await database.ReadAsync(connection => ModelTables.Pointed(connection, name, alias), cancel) is not null
            && (await packages.MoveAsync(name, alias, new AliasRequest(null, by, "taken away by an MLflow client"), cancel)).Refusal is { } refusal) throw TrackingException.Invalid(refusal);
        await RemoveOwnAsync(name, alias, cancel);
    }

    private Task<int> RemoveOwnAsync(string name, string alias, CancellationToken cancel) =>
        shared.WriteAsync(connection => connection.Execute("DELETE FROM registered_model_alias WHERE name = @name AND alias = @alias", new { name, alias }), cancel);

    [GeneratedRegex(@"^[vV]\d+$")]
    private static partial Regex VersionLike();
}
