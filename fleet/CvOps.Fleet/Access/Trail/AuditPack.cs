using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Trail;

/// <summary>
/// What an auditor takes along about a rollout or a model, as a zip: the entries of the log about it with their hashes, the rollout with every decision and the
/// evidence it stood on, the model with its history, and which parts which camera inspected with it, from when to when. Its manifest has the hash of every file.
/// </summary>
internal sealed class AuditPack(Audit audit, ModelRegistry models, Database database, IGrainFactory grains, TimeProvider time)
{
    private const int Page = 5000;
    private const int MostEvents = 10_000;

    /// <param name="rollout">Or null, with a model's digest.</param>
    /// <returns>A file that is gone when it is disposed; null when there is no such thing.</returns>
    public async Task<Stream?> MakeAsync(string? rollout, string? digest, string by, CancellationToken cancel)
    {
        var view = rollout is not null && Identifier.IsValid(rollout) ? await grains.GetGrain<IRolloutGrain>(rollout).Read(withDevices: true) : null;
        var model = await models.FindAsync(view?.Model.Digest ?? digest ?? "", cancel);
        if (rollout is not null ? view is null : model is null) return null;
        var reference = view?.Model ?? model!.Model;
        var subject = rollout is not null ? $"rollout {rollout}" : $"model {reference.Name} {reference.Version} {reference.Digest}";
        // Before the files: what they say is in the log by then, and so is that they were made.
        await audit.RecordAsync(by, "audit.packed", rollout ?? digest!, subject, cancel);
        var chain = await audit.VerifyAsync(cancel);

        var stream = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        try
        {
            var files = new Dictionary<string, string>();
            using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            {
                await AddAsync(zip, files, "audit.jsonl", Matching(view, reference, rollout, cancel), ContractsJson.Default.AuditEntry, cancel);
                if (view is not null) await AddAsync(zip, files, "rollout.json", One(view), ContractsJson.Default.RolloutView, cancel);
                if (model is not null) await AddAsync(zip, files, "model.json", One(model), ContractsJson.Default.ModelView, cancel);
                var events = await database.ReadAsync(connection => ModelTables.History(connection, reference.Name, MostEvents), cancel);
                await AddAsync(zip, files, "model-history.json", One(events), ContractsJson.Default.ModelEventArray, cancel);
                await AddAsync(zip, files, "inspections.jsonl", Many(await SummariesAsync(reference, view, cancel)), ContractsJson.Default.AuditInspections, cancel);
                await AddAsync(zip, files, "parts.jsonl", PartsAsync(reference, view, cancel), ContractsJson.Default.AuditPart, cancel);
                var manifest = new AuditPackManifest(subject, time.GetUtcNow(), by, chain, files);
                await AddAsync(zip, [], "manifest.json", One(manifest), ContractsJson.Default.AuditPackManifest, cancel);
            }
            stream.Position = 0;
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Entries about the rollout, or the model by its digest or name, or whose detail names it.</summary>
    private async IAsyncEnumerable<AuditEntry> Matching(RolloutView? view, ModelRef model, string? rollout, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var entry in audit.AllAsync(cancel))
            if (entry.Subject == rollout || entry.Subject == model.Digest || entry.Subject == model.Name || entry.Subject.StartsWith($"{model.Name}@", StringComparison.Ordinal)
                || (view is not null && entry.Detail.Contains(view.Id, StringComparison.Ordinal)) || entry.Detail.Contains(model.Digest, StringComparison.Ordinal)) yield return entry;
    }

    private Task<AuditInspections[]> SummariesAsync(ModelRef model, RolloutView? view, CancellationToken cancel) => database.ReadAsync(connection => connection
        .Query<(string Device, string Camera, long Count, long First, long Last)>($"SELECT device, camera, count(*), min(captured_at), max(captured_at) FROM inspections AS i WHERE {Where(view)} GROUP BY device, camera ORDER BY device, camera", Values(model, view, 0))
        .Select(row => new AuditInspections(new DeviceId(row.Device), new CameraId(row.Camera), model.Name, model.Version, row.Count, SqlTime.From(row.First), SqlTime.From(row.Last))).ToArray(), cancel);

    private async IAsyncEnumerable<AuditPart> PartsAsync(ModelRef model, RolloutView? view, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = 0L; ;)
        {
            var from = after;
            var rows = await database.ReadAsync(connection => connection.Query<Row>(
                $"SELECT cursor, device, camera, part, frame, captured_at AS At, class, confidence, rejects, error FROM inspections AS i WHERE cursor > @after AND {Where(view)} ORDER BY cursor LIMIT {Page}", Values(model, view, from)).ToArray(), cancel);
            foreach (var row in rows) yield return new AuditPart(new DeviceId(row.Device), new CameraId(row.Camera), row.Part, row.Frame, SqlTime.From(row.At), row.Class, row.Confidence, row.Rejects is { } rejects ? rejects != 0 : null, row.Error);
            if (rows.Length < Page) yield break;
            after = rows[^1].Cursor;
        }
    }

    private static string Where(RolloutView? view) =>
        "model = @Digest" + (view is null ? "" : " AND captured_at >= @since AND EXISTS (SELECT 1 FROM rollout_device AS r WHERE r.rollout = @rollout AND r.device = i.device)");

    private static object Values(ModelRef model, RolloutView? view, long after) => new { model.Digest, rollout = view?.Id, since = view is null ? 0 : SqlTime.Of(view.CreatedAt), after };

    private static async Task AddAsync<T>(ZipArchive zip, Dictionary<string, string> files, string name, IAsyncEnumerable<T> values, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using var hash = SHA256.Create();
        await using (var entry = zip.CreateEntry(name, CompressionLevel.Fastest).Open())
        await using (var hashing = new CryptoStream(entry, hash, CryptoStreamMode.Write))
            await foreach (var value in values)
            {
                await JsonSerializer.SerializeAsync(hashing, value, type, cancel);
                await hashing.WriteAsync("\n"u8.ToArray(), cancel);
            }
        files[name] = Convert.ToHexStringLower(hash.Hash!);
    }

    private static IAsyncEnumerable<T> One<T>(T value) => Many([value]);

    private static async IAsyncEnumerable<T> Many<T>(IReadOnlyList<T> values)
    {
        await Task.CompletedTask;
        foreach (var value in values) yield return value;
    }

    private sealed class Row
    {
        public long Cursor { get; init; }
        public string Device { get; init; } = "";
        public string Camera { get; init; } = "";
        public string? Part { get; init; }
        public long Frame { get; init; }
        public long At { get; init; }
        public string? Class { get; init; }
        public double Confidence { get; init; }
        public int? Rejects { get; init; }
        public string? Error { get; init; }
    }
}
