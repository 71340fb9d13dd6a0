using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Datasets.Quality;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Retention.Erasure;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets;

/// <summary>Dataset snapshots: a document of entries in the blob store, named by its SHA-256, and a row that says who froze it. Never changed.</summary>
internal sealed class DatasetStore(Database database, BlobStore blobs, SnapshotFreezer freezer, TimeProvider time, QualityQueue? checks = null)
{
    public Task<DatasetView[]> ListAsync(CancellationToken cancel) => database.ReadAsync(connection => Read(connection), cancel);

    /// <summary>Every snapshot, newest first.</summary>
    public static DatasetView[] Read(DbConnection connection) => connection.Query<string>("SELECT body FROM datasets ORDER BY created_at DESC, digest").Select(Parse).ToArray();

    /// <param name="request">One without <see cref="SnapshotRule.Mistakes"/>.</param>
    /// <param name="tell">Hears how far it is: stage, how many, of how many.</param>
    /// <returns>The snapshot, or null when no labelled frame matches. The same frames and labels again are the snapshot they were.</returns>
    public async Task<DatasetView?> SnapshotAsync(SnapshotRequest request, CancellationToken cancel, Action<string, long, long>? tell = null)
    {
        if (await freezer.FreezeAsync(request, tell ?? ((_, _, _) => { }), cancel) is not { } frozen) return null;
        // The document is on the disk by now. Without a row it is nothing that anybody was told of.
        var now = time.GetUtcNow();
        var view = frozen.Tally.View(frozen.Digest, frozen.Bytes, request, now);
        var isNew = await database.WriteAsync(connection =>
        {
            var inserted = connection.Execute("INSERT INTO datasets (digest, created_at, body) VALUES (@Digest, @at, @body) ON CONFLICT DO NOTHING",
                new { view.Digest, at = SqlTime.Of(now), body = JsonSerializer.Serialize(view, ContractsJson.Default.DatasetView) }) == 1;
            if (inserted) Audit.Add(connection, now, request.By, "dataset.frozen", view.Digest, $"{request.Name}: {view.Frames} frames, {view.Golden} golden");
            return inserted;
        }, cancel);
        if (isNew) checks?.Ask(view.Digest);
        return isNew ? view : await FindViewAsync(view.Digest, cancel);
    }

    public Task<DatasetView?> FindViewAsync(string digest, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM datasets WHERE digest = @digest", new { digest }) is { } body ? Parse(body) : null, cancel);

    /// <returns>A page of entries, in their order, with the snapshot's view; null when there is no such snapshot.</returns>
    /// <exception cref="BlobLostException">The document's file is gone.</exception>
    public async Task<DatasetDetail?> PageAsync(string digest, EntryQuery query, CancellationToken cancel)
    {
        if (await FindViewAsync(digest, cancel) is not { } view) return null;
        var entries = await Task.Run(() => DocumentOf(digest).Read(query.After).Where(query.Takes).Take(query.Limit).ToArray(), cancel);
        return new DatasetDetail(view, entries) { Next = entries.Length == query.Limit ? entries[^1].FrameId : null };
    }

    /// <summary>The entries of a snapshot that has a row.</summary>
    /// <exception cref="BlobLostException">The document's file is gone.</exception>
    public SnapshotDocument DocumentOf(string digest) => new(blobs.Find(digest, $"dataset snapshot {digest}"));

    /// <summary>
    /// Lays a snapshot out for a trainer: <c>dataset.json</c>, a <see cref="DatasetDetail"/> of the entries to train and validate on, and <c>images/{digest}.jpg</c>.
    /// Golden frames and those to test on stay here, so that no trainer can train on them; what was erased since is left out.
    /// </summary>
    /// <returns>False when there is no such snapshot.</returns>
    public async Task<bool> ExportAsync(string digest, string folder, CancellationToken cancel)
    {
        if (await FindViewAsync(digest, cancel) is not { } view) return false;
        var erased = await database.ReadAsync(ErasureTable.Pictures, cancel);
        await Task.Run(() => Export(view, folder, erased, cancel), cancel);
        return true;
    }

    private void Export(DatasetView view, string folder, HashSet<string> erased, CancellationToken cancel)
    {
        var images = Directory.CreateDirectory(Path.Combine(folder, "images")).FullName;
        using var file = new FileStream(Path.Combine(folder, "dataset.json"), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        using var json = new Utf8JsonWriter(file);
        json.WriteStartObject();
        json.WritePropertyName("view");
        JsonSerializer.Serialize(json, view, ContractsJson.Default.DatasetView);
        json.WriteStartArray("entries");
        foreach (var entry in DocumentOf(view.Digest).Read().Where(SnapshotRule.IsForTrainers).Where(entry => !erased.Contains(entry.ImageDigest)))
        {
            cancel.ThrowIfCancellationRequested();
            var picture = Path.Combine(images, $"{entry.ImageDigest}.jpg");
            if (!File.Exists(picture)) File.Copy(blobs.Find(entry.ImageDigest, $"a picture of dataset snapshot {view.Digest}"), picture);
            JsonSerializer.Serialize(json, entry, ContractsJson.Default.DatasetEntry);
            if (json.BytesPending > 1 << 16) json.Flush();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static DatasetView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.DatasetView)!;
}
