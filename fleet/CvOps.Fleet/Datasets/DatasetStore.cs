using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets;

/// <summary>Dataset snapshots: a document of entries in the blob store, named by its SHA-256, and a row that says who froze it. Never changed.</summary>
internal sealed class DatasetStore(Database database, BlobStore blobs, Audit audit, TimeProvider time)
{
    public Task<DatasetView[]> ListAsync(CancellationToken cancel) => database.ReadAsync(
        connection => connection.Query<string>("SELECT body FROM datasets ORDER BY created_at DESC, digest").Select(Parse).ToArray(), cancel);

    /// <returns>The snapshot, or null when no labelled frame matches. The same frames and labels again are the snapshot they were.</returns>
    public async Task<DatasetView?> SnapshotAsync(SnapshotRequest request, CancellationToken cancel)
    {
        var (labelled, golden) = await database.ReadMomentAsync(connection =>
        {
            var states = new { Labelled = (int)LabelState.Labelled, Golden = (int)FrameUse.Golden, Device = request.Device?.Value, Since = request.Since is { } since ? SqlTime.Of(since) : (long?)null };
            return (
                connection.Query<string>("SELECT body FROM frames WHERE state = @Labelled AND (@Device IS NULL OR device = @Device) AND (@Since IS NULL OR captured_at >= @Since)", states).Select(FrameTable.Parse).ToArray(),
                connection.Query<string>("SELECT body FROM frames WHERE state = @Labelled AND usage = @Golden", states).Select(FrameTable.Parse).ToArray());
        }, cancel);
        var entries = SnapshotRule.Choose(labelled, golden);
        if (entries.Length == 0) return null;

        var digest = blobs.Put(SnapshotRule.Document(entries));
        var view = new DatasetView(
            digest, request.Name, entries.Length, entries.Count(entry => entry.Use == FrameUse.Golden),
            entries.Where(entry => entry.Class is not null).CountBy(entry => entry.Class!).OrderBy(count => count.Key, StringComparer.Ordinal).ToDictionary(), time.GetUtcNow(), request.By);
        var isNew = await database.WriteAsync(connection => connection.Execute(
            "INSERT INTO datasets (digest, created_at, body) VALUES (@digest, @at, @body) ON CONFLICT DO NOTHING",
            new { digest, at = SqlTime.Of(view.CreatedAt), body = JsonSerializer.Serialize(view, ContractsJson.Default.DatasetView) }) == 1, cancel);
        if (!isNew) return await FindViewAsync(digest, cancel);
        await audit.RecordAsync(request.By, "dataset.frozen", digest, $"{request.Name}: {view.Frames} frames, {view.Golden} golden", cancel);
        return view;
    }

    public async Task<DatasetDetail?> FindAsync(string digest, CancellationToken cancel) => await FindViewAsync(digest, cancel) is { } view
        ? new DatasetDetail(view, SnapshotRule.Parse(await blobs.ReadAsync(digest, $"dataset snapshot {digest}", cancel)))
        : null;

    /// <summary>
    /// Lays a snapshot out for a trainer: <c>dataset.json</c>, a <see cref="DatasetDetail"/> of the training entries alone, and <c>images/{digest}.jpg</c>.
    /// Golden frames stay here, so that no trainer can train on them.
    /// </summary>
    /// <returns>False when there is no such snapshot.</returns>
    public async Task<bool> ExportAsync(string digest, string folder, CancellationToken cancel)
    {
        if (await FindAsync(digest, cancel) is not { } detail) return false;
        var training = detail.Entries.Where(entry => entry.Use == FrameUse.Training).ToArray();
        var images = Directory.CreateDirectory(Path.Combine(folder, "images")).FullName;
        foreach (var image in training.Select(entry => entry.ImageDigest).Distinct())
        {
            cancel.ThrowIfCancellationRequested();
            File.Copy(blobs.Find(image, $"a picture of dataset snapshot {digest}"), Path.Combine(images, $"{image}.jpg"), overwrite: true);
        }
        await File.WriteAllBytesAsync(Path.Combine(folder, "dataset.json"),
            JsonSerializer.SerializeToUtf8Bytes(detail with { Entries = training }, ContractsJson.Default.DatasetDetail), cancel);
        return true;
    }

    private Task<DatasetView?> FindViewAsync(string digest, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM datasets WHERE digest = @digest", new { digest }) is { } body ? Parse(body) : null, cancel);

    private static DatasetView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.DatasetView)!;
}
