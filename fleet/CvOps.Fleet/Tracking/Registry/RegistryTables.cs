using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking.Registry;

/// <summary>Rows of the registry; each method is part of its caller's transaction.</summary>
internal static class RegistryTables
{
    /// <summary>Shows packages as registered models, those that are not shown yet: their name, and a version with where it comes from.</summary>
    /// <param name="name">Of the model; null for all.</param>
    /// <returns>How many versions were new.</returns>
    public static int Adopt(DbConnection connection, string? name)
    {
        var bodies = connection.Query<string>(
            """
            SELECT m.body FROM models AS m WHERE (@name IS NULL OR m.name = @name)
              AND NOT EXISTS (SELECT 1 FROM model_version AS v WHERE v.name = m.name AND v.digest = m.digest) ORDER BY m.registered_at, m.digest
            """, new { name }).ToArray();
        foreach (var body in bodies) Adopt(connection, JsonSerializer.Deserialize(body, ContractsJson.Default.ModelView)!);
        return bodies.Length;
    }

    /// <returns>False when the name is taken.</returns>
    public static bool AddModel(DbConnection connection, string name, string description, DateTimeOffset at) => connection.Execute(
        "INSERT INTO registered_model (name, description, created_at, updated_at) VALUES (@name, @description, @at, @at) ON CONFLICT DO NOTHING", new { name, description, at = SqlTime.Of(at) }) == 1;

    /// <exception cref="TrackingException">There is no such model.</exception>
    public static void Touch(DbConnection connection, string name, DateTimeOffset at)
    {
        if (connection.Execute("UPDATE registered_model SET updated_at = @at WHERE name = @name", new { name, at = SqlTime.Of(at) }) == 0) throw TrackingException.Missing("registered model", name);
    }

    public static long NextNumber(DbConnection connection, string name) => connection.ExecuteScalar<long>("SELECT coalesce(max(number), 0) + 1 FROM model_version WHERE name = @name", new { name });

    public static bool HasVersion(DbConnection connection, string name, string version) =>
        connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM model_version WHERE name = @name AND version = @version)", new { name, version });

    public static bool HasPackage(DbConnection connection, string name) =>
        connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM models WHERE name = @name)", new { name });

    public static void AddVersion(DbConnection connection, RegisteredVersion version) => connection.Execute(
        """
        INSERT INTO model_version (name, version, number, description, source, run, run_link, owner, digest, created_at, updated_at)
        VALUES (@Name, @Version, @Number, @Description, @Source, @Run, @RunLink, @Owner, @Digest, @created, @updated)
        """,
        new
        {
            version.Name, version.Version, version.Number, version.Description, version.Source, version.Run, version.RunLink, version.Owner, version.Digest,
            created = SqlTime.Of(version.CreatedAt), updated = SqlTime.Of(version.UpdatedAt),
        });

    public static void SetModelTag(DbConnection connection, string name, KeyText tag) => connection.Execute(
        "INSERT INTO registered_model_tag (name, key, value) VALUES (@name, @Key, @Value) ON CONFLICT (name, key) DO UPDATE SET value = excluded.value", new { name, tag.Key, tag.Value });

    public static void SetVersionTag(DbConnection connection, string name, string version, KeyText tag) => connection.Execute(
        "INSERT INTO model_version_tag (name, version, key, value) VALUES (@name, @version, @Key, @Value) ON CONFLICT (name, version, key) DO UPDATE SET value = excluded.value",
        new { name, version, tag.Key, tag.Value });

    private static void Adopt(DbConnection connection, ModelView model)
    {
        var (name, version, digest) = model.Model;
        if (!AddModel(connection, name, "", model.RegisteredAt)) Touch(connection, name, model.RegisteredAt);
        // A client may have made a version of that number before: a package is what devices run, so the number is the package's.
        foreach (var table in (ReadOnlySpan<string>)["registered_model_alias", "model_version_tag", "model_version"])
            connection.Execute($"DELETE FROM {table} WHERE name = @name AND version = @version", new { name, version });
        var says = $"{model.Task}: {string.Join(", ", model.Classes)}";
        AddVersion(connection, new RegisteredVersion(
            name, version, NextNumber(connection, name), says[..Math.Min(TrackingLimits.Description, says.Length)], ArtefactPath.UriOfPackage(digest), model.Lineage.TrainingRun ?? "", "", "", digest, model.RegisteredAt, model.RegisteredAt, [], []));
        (string Key, string? Value)[] facts =
        [
            ("cvops.digest", digest), ("cvops.signed_by", model.SignedBy), ("cvops.task", model.Task.ToString()), ("cvops.dataset", model.Lineage.Dataset), ("cvops.parent", model.Lineage.Parent),
            ("cvops.trainer", model.Lineage.Trainer),
        ];
        foreach (var (key, value) in facts)
            if (value is not null) SetVersionTag(connection, name, version, new KeyText(key, value));
    }
}
