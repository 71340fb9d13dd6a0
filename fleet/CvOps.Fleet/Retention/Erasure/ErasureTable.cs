using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Retention.Erasure;

/// <summary>Erasures, and the ids and pictures that never come back in.</summary>
internal static class ErasureTable
{
    public static ErasureView[] All(DbConnection connection) =>
        [.. connection.Query<string>("SELECT body FROM erasure ORDER BY at DESC, id").Select(body => JsonSerializer.Deserialize(body, ContractsJson.Default.ErasureView)!)];

    public static void Add(DbConnection connection, ErasureView erasure)
    {
        connection.Execute("INSERT INTO erasure (id, at, body) VALUES (@Id, @At, @Body)", new { erasure.Id, At = SqlTime.Of(erasure.At), Body = JsonSerializer.Serialize(erasure, ContractsJson.Default.ErasureView) });
        foreach (var frame in erasure.Frames) connection.Execute("INSERT INTO erased_frame (id, erasure) VALUES (@Frame, @Erasure) ON CONFLICT DO NOTHING", new { Frame = frame.Id, Erasure = erasure.Id });
        foreach (var picture in erasure.Frames.Select(frame => frame.ImageDigest).Distinct()) connection.Execute("INSERT INTO erased_picture (image, erasure) VALUES (@picture, @Erasure) ON CONFLICT DO NOTHING", new { picture, Erasure = erasure.Id });
    }

    public static void Replace(DbConnection connection, ErasureView erasure) =>
        connection.Execute("UPDATE erasure SET body = @Body WHERE id = @Id", new { erasure.Id, Body = JsonSerializer.Serialize(erasure, ContractsJson.Default.ErasureView) });

    /// <summary>Whether anything ever was: mostly nothing, and then nobody need ask again.</summary>
    public static bool HasAny(DbConnection connection) => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM erasure)");

    /// <summary>Whether this frame, or another of its picture, was erased.</summary>
    public static bool Holds(DbConnection connection, string frame, string picture) =>
        connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM erased_frame WHERE id = @frame) OR EXISTS (SELECT 1 FROM erased_picture WHERE image = @picture)", new { frame, picture });

    /// <summary>Pictures that are gone for good.</summary>
    public static HashSet<string> Pictures(DbConnection connection) => connection.Query<string>("SELECT image FROM erased_picture").ToHashSet(StringComparer.Ordinal);
}
