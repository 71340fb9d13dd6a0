using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Models;

/// <param name="Refusal">Why nothing was changed, in a sentence; null when it was.</param>
internal sealed record AliasOutcome(AliasView? Alias, string? Refusal);

/// <summary>
/// Names that point to a version of a model, with who moved them when, why and on what evidence; and revocations. An alias is read when a plan is made and never
/// afterwards: a rollout brings the digest that the name stood for.
/// </summary>
internal sealed class ModelAliases(Database database, Revocations revocations, FleetEvents events, TimeProvider time)
{
    /// <param name="name">Of the model; null for all.</param>
    public Task<AliasView[]> ListAsync(string? name, CancellationToken cancel) => database.ReadAsync(connection => ModelTables.Aliases(connection, name), cancel);

    /// <summary>The newest first.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public Task<ModelEvent[]> HistoryAsync(string? name, int most, CancellationToken cancel) => database.ReadAsync(connection => ModelTables.History(connection, name, most), cancel);

    /// <summary>
    /// Moves an alias, or takes it away. Pointing it to where it points already changes nothing; for a rollout it is written down all the same, once, so that
    /// the rollout counts as followed whatever the alias is moved to later.
    /// </summary>
    /// <param name="approvals">Who let the rollout go on that speaks for it.</param>
    public async Task<AliasOutcome> MoveAsync(string name, string alias, AliasRequest request, CancellationToken cancel, IReadOnlyList<string>? approvals = null)
    {
        if (!Identifier.IsValid(alias)) return new(null, $"'{alias}' is no name for an alias: letters, digits, '-', '_' and '.', at most 64.");
        if (string.IsNullOrWhiteSpace(request.By) || string.IsNullOrWhiteSpace(request.Reason)) return new(null, "Say who (by) and why (reason): both go into the model's history.");
        var (moved, refusal) = await database.WriteAsync<(bool, string?)>(connection =>
        {
            var pointed = ModelTables.Pointed(connection, name, alias);
            if (request.Digest is null && pointed is null) return (false, $"Model {name} has no alias '{alias}'.");
            var model = ModelTables.Find(connection, request.Digest);
            if (Problem(connection, name, alias, request.Digest, model) is { } problem) return (false, problem);
            if (pointed == request.Digest && (request.Rollout is null || ModelTables.MovedBy(connection, alias).Contains(request.Rollout))) return (false, null);
            ModelTables.Move(connection, name, alias, model, time.GetUtcNow(), request, approvals ?? []);
            Audit.Add(connection, time.GetUtcNow(), request.By, "model.alias", $"{name}@{alias}", $"{request.Digest ?? "taken away"}: {request.Reason}");
            return (true, null);
        }, cancel);
        if (refusal is not null) return new(null, refusal);
        if (moved) events.Publish("model", request.Digest ?? name);
        return new((await ListAsync(name, cancel)).FirstOrDefault(view => view.Alias == alias), null);
    }

    /// <summary>From now on no rollout brings this version to a device, and one that runs is stopped. Again: the first word stands.</summary>
    /// <returns>False when there is no such model.</returns>
    public async Task<bool> RevokeAsync(string digest, RevokeModelRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var (model, added) = await database.WriteAsync(connection =>
        {
            var found = ModelTables.Find(connection, digest);
            if (found is null || !Revocations.Add(connection, found, now, request)) return (found, false);
            Audit.Add(connection, now, request.By, "model.revoked", digest, $"{found.Name} {found.Version}: {request.Reason}");
            return (found, true);
        }, cancel);
        if (model is null) return false;
        await revocations.ReadAsync(cancel);
        if (added) events.Publish("model", digest);
        return true;
    }

    private static string? Problem(DbConnection connection, string name, string alias, string? digest, ModelRef? model)
    {
        if (digest is null) return null;
        if (model is null) return $"The registry has no model '{digest}': register its package first.";
        if (model.Name != name) return $"{digest} is {model.Name} {model.Version}, and the alias is one of {name}.";
        if (ModelTables.RevokedBecause(connection, digest) is { } revoked) return $"{model.Name} {model.Version} is revoked: {revoked}";
        // name@version and name@alias must not mean two things.
        return Dapper.SqlMapper.ExecuteScalar<bool>(connection, "SELECT EXISTS (SELECT 1 FROM models WHERE name = @name AND version = @alias)", new { name, alias })
            ? $"There is a version '{alias}' of {name}, so {name}@{alias} means that."
            : null;
    }
}
