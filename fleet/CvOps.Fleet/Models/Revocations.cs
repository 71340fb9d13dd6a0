using System.Collections.Frozen;
using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Models;

/// <summary>Models that must not be rolled out any more, in memory: asked at every judgement of a rollout. Read anew by <see cref="ModelPromotions"/>, for other processes' word.</summary>
internal sealed class Revocations(Database database)
{
    private volatile FrozenDictionary<string, string>? _reasons;

    /// <returns>In words that follow the model's name; null when it may be rolled out, or nothing has been read yet.</returns>
    public string? WhyOf(string digest) => _reasons?.GetValueOrDefault(digest) is { } reason ? $"the model was revoked in the registry: {reason}" : null;

    public async Task ReadAsync(CancellationToken cancel)
    {
        _reasons = await database.ReadAsync(connection => connection.Query<(string Digest, string By, string Reason)>("SELECT digest, by, reason FROM model_revocation")
            .ToFrozenDictionary(row => row.Digest, row => $"{row.Reason} ({row.By})"), cancel);
    }

    /// <summary>The row itself, for whoever tells devices: memory may not have heard yet, after a start or of another fleet's word.</summary>
    public static bool IsRevoked(DbConnection connection, string digest) => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM model_revocation WHERE digest = @digest)", new { digest });

    /// <returns>False when it was revoked before.</returns>
    public static bool Add(DbConnection connection, ModelRef model, DateTimeOffset at, RevokeModelRequest request)
    {
        if (connection.Execute("INSERT INTO model_revocation (digest, at, by, reason) VALUES (@Digest, @at, @By, @Reason) ON CONFLICT DO NOTHING",
            new { model.Digest, at = SqlTime.Of(at), request.By, request.Reason }) == 0) return false;
        ModelTables.Note(connection, new ModelEvent(0, at, request.By, ModelEventKind.Revoked, model.Name, null, model, null, request.Reason, null, null, []));
        return true;
    }
}
