using System.Data.Common;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Storage.Backup;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Retention;

/// <summary>Takes the files of pictures away whose frames are gone, some at a time, once no row speaks of them and nobody has put them anew.</summary>
internal sealed class BlobSweep(Database database, BlobStore blobs, IOptions<FleetOptions> options, TimeProvider time)
{
    /// <summary>From a picture's way into the store to the commit of its row it does not take so long.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan LongestBackup = TimeSpan.FromDays(1);

    private const int Together = 200;

    // Whatever else is named by its bytes: a trainer may have logged the very picture, and nobody forbids to register one as a model.
    private const string InUse = """
        SELECT EXISTS (SELECT 1 FROM frames WHERE image = @digest) OR EXISTS (SELECT 1 FROM run_artefact WHERE digest = @digest)
            OR EXISTS (SELECT 1 FROM models WHERE digest = @digest) OR EXISTS (SELECT 1 FROM datasets WHERE digest = @digest)
        """;

    /// <returns>How many files went.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var (went, after) = (0, "");
        while (true)
        {
            if (IsBackedUp()) return went;
            var due = time.GetUtcNow() - Grace;
            var some = await database.ReadAsync(connection => connection.Query<string>("SELECT digest FROM blob_due WHERE at < @due AND digest > @after ORDER BY digest LIMIT @Together", new { due = SqlTime.Of(due), after, Together }).AsList(), cancel);
            if (some.Count == 0) return went;
            went += await database.WriteAsync(connection => some.Count(digest => Sweep(connection, digest, due)), cancel);
            after = some[^1];
        }
    }

    /// <summary>A backup copies the files that its databases speak of, one after the other: until it is through none goes. One that was killed leaves its folder.</summary>
    private bool IsBackedUp() => new DirectoryInfo(Path.Combine(options.Value.Data, BackupNote.Folder)) is { Exists: true } folder && folder.LastWriteTimeUtc > time.GetUtcNow().UtcDateTime - LongestBackup;

    private bool Sweep(DbConnection connection, string digest, DateTimeOffset unused)
    {
        if (connection.ExecuteScalar<bool>(InUse, new { digest }))
        {
            connection.Execute("DELETE FROM blob_due WHERE digest = @digest", new { digest });
            return false;
        }
        // One that was put or touched lately waits for its row: the next sweep looks again.
        if (!blobs.Remove(digest, unused)) return false;
        Forget(connection, digest);
        return true;
    }

    /// <summary>What is known of a picture whose file is gone.</summary>
    public static void Forget(DbConnection connection, string digest)
    {
        connection.Execute("DELETE FROM picture WHERE image = @digest", new { digest });
        connection.Execute("DELETE FROM picture_embedding WHERE image = @digest", new { digest });
        connection.Execute("DELETE FROM blob_due WHERE digest = @digest", new { digest });
    }
}
