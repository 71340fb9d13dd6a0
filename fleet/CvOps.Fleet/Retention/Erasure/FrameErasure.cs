using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Lineage;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Retention.Erasure;

/// <summary>
/// Finds a frame, a picture or a part's frames everywhere and erases them: rows, files, copies of running trainings. They do not come back, also when a device or an import brings them again. What the
/// fleet does not reach (models that learned from it, backups, exports) is named, so that somebody can decide about it.
/// </summary>
internal sealed partial class FrameErasure(
    Database database, BlobStore blobs, FrameLineageReader lineage, FleetEvents events, IOptions<FleetOptions> options, TimeProvider time, ILogger<FrameErasure> log)
{
    private const int LongestReason = 500;

    private readonly TrainingCopies _copies = new(options.Value.Data);

    public Task<ErasureView[]> ListAsync(CancellationToken cancel) => database.ReadAsync(ErasureTable.All, cancel);

    /// <returns>Every mistake in a sentence.</returns>
    public static IReadOnlyList<string> Mistakes(ErasureRequest request)
    {
        List<string> mistakes = [];
        if (((string?[])[request.Frame, request.Picture, request.Part]).Count(name => !string.IsNullOrWhiteSpace(name)) != 1) mistakes.Add("Name one of 'frame', 'picture' and 'part'.");
        if (request.Picture is { } picture && !BlobStore.IsDigest(picture)) mistakes.Add($"'{picture}' is no SHA-256 in lower-case hex.");
        if (string.IsNullOrWhiteSpace(request.Reason)) mistakes.Add("'reason' is missing: the audit log keeps why.");
        else if (request.Reason.Length > LongestReason) mistakes.Add($"'reason' has more than {LongestReason} characters.");
        return mistakes;
    }

    /// <param name="request">One without <see cref="Mistakes"/>.</param>
    /// <returns>Null when there is no such frame.</returns>
    public async Task<ErasureView?> EraseAsync(ErasureRequest request, CancellationToken cancel)
    {
        if (await lineage.ReadAsync(new LineageQuery(request.Frame, request.Picture, request.Part), cancel) is not { } found) return null;
        var view = new ErasureView { At = time.GetUtcNow(), By = request.By, Reason = request.Reason, Frames = found.Frames, Removed = [], Remains = Remains(found) };
        if (request.Look) return view with { Removed = await database.ReadAsync(connection => Holding(connection, found).ToArray(), cancel) };

        view = view with { Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)) };
        // With the commit nothing of it is shown to anybody and nothing brings it back; a kill after it leaves files, which the note in blob_due takes away.
        var removed = await database.WriteAsync(connection =>
        {
            ErasurePlace[] places = [.. Holding(connection, found)];
            Remove(connection, found, view.At);
            ErasureTable.Add(connection, view with { Removed = places });
            Audit.Add(connection, view.At, request.By, "frames.erased", view.Id!, $"{found.Frames.Count} frames for {request.Frame ?? request.Part ?? request.Picture}: {request.Reason}");
            return places;
        }, cancel);
        // From here on it is carried through, whoever has stopped waiting.
        foreach (var picture in Pictures(found))
        {
            foreach (var run in _copies.Of(picture)) _copies.Delete(run, picture);
            blobs.Erase(picture);
            await database.WriteAsync(connection => { BlobSweep.Forget(connection, picture); return 0; }, CancellationToken.None);
        }
        events.Publish("frame", "");
        Log.Erased(log, found.Frames.Count, view.Id!, request.By);
        return view with { Removed = removed };
    }

    /// <summary>Copies on this machine of what was erased, also by another fleet: what a kill left over, and what its part of a bucket has kept.</summary>
    public async Task ForgetCopiesAsync(CancellationToken cancel)
    {
        foreach (var picture in await database.ReadAsync(ErasureTable.Pictures, cancel))
        {
            foreach (var run in _copies.Of(picture)) _copies.Delete(run, picture);
            if (File.Exists(blobs.PathOf(picture))) blobs.Erase(picture);
        }
    }

    private static IEnumerable<string> Pictures(FrameLineage found) => found.Frames.Select(frame => frame.ImageDigest).Distinct();

    /// <summary>What the fleet holds of it and takes away.</summary>
    private IEnumerable<ErasurePlace> Holding(DbConnection connection, FrameLineage found)
    {
        foreach (var frame in found.Frames)
        {
            yield return new ErasurePlace("frame", frame.Id, $"Its row ({frame.Because}), and what searches and finds similar ones knew of it.");
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM labels WHERE frame = @Id", new { frame.Id }) is > 0 and var labels) yield return new ErasurePlace("label", frame.Id, $"{labels} entries of its label history, and each annotator's opinion.");
            foreach (var (row, topic) in Letters(connection, frame.Id)) yield return new ErasurePlace("dead letter", $"{row}", $"A message on {topic} that was set aside.");
        }
        foreach (var picture in Pictures(found))
        {
            if (blobs.Exists(picture)) yield return new ErasurePlace("picture", picture, "The file.");
            foreach (var (run, path) in connection.Query<(string, string)>("SELECT run, path FROM run_artefact WHERE digest = @picture ORDER BY run, path", new { picture }).AsList()) yield return new ErasurePlace("artefact", $"{run}/{path}", "The same picture, logged to a run.");
            foreach (var run in _copies.Of(picture)) yield return new ErasurePlace("training copy", run, "A run that is under way had it; it may fail for the lack of it and is tried again by hand then.");
        }
    }

    private static void Remove(DbConnection connection, FrameLineage found, DateTimeOffset now)
    {
        using var removal = new FrameRemoval(connection, now);
        foreach (var frame in found.Frames)
        {
            foreach (var (row, _) in Letters(connection, frame.Id)) connection.Execute("DELETE FROM dead_letters WHERE row = @row", new { row });
            // Findings about it quote it, also those of snapshots.
            connection.Execute("DELETE FROM quality_finding WHERE EXISTS (SELECT 1 FROM quality_finding_frame AS a WHERE a.frame = @Id AND a.scope = quality_finding.scope AND a.id = quality_finding.id)", new { frame.Id });
            connection.Execute("DELETE FROM rollout_judged WHERE frame = @Id", new { frame.Id });
            removal.Remove(frame.Id, evenLabelled: true);
        }
        foreach (var picture in Pictures(found)) connection.Execute("DELETE FROM run_artefact WHERE digest = @picture", new { picture });
        ForgetAnswers(connection, found);
        removal.Save();
    }

    /// <summary>Answers that are kept for whoever asks twice may speak of one of them.</summary>
    private static void ForgetAnswers(DbConnection connection, FrameLineage found)
    {
        byte[][] names = [.. found.Frames.Select(frame => Encoding.UTF8.GetBytes(frame.Id))];
        var answers = connection.Query<(string Scope, string Key, byte[] Body)>("SELECT scope, key, body FROM idempotency WHERE body IS NOT NULL", buffered: false)
            .Where(answer => names.Any(name => answer.Body.AsSpan().IndexOf(name) >= 0)).Select(answer => (answer.Scope, answer.Key)).ToArray();
        foreach (var (scope, key) in answers) connection.Execute("DELETE FROM idempotency WHERE scope = @scope AND key = @key", new { scope, key });
    }

    private static List<(long Row, string Topic)> Letters(DbConnection connection, string frame) =>
        connection.Query<(long, string)>("SELECT row, topic FROM dead_letters WHERE topic LIKE '%/frame/%' AND substr(topic, length(topic) - length(@frame)) = '/' || @frame ORDER BY row", new { frame }).AsList();

    private static ErasurePlace[] Remains(FrameLineage found) =>
    [
        .. found.Snapshots.Select(snapshot => new ErasurePlace("snapshot", snapshot.Digest,
            $"{snapshot.Name} names frame {snapshot.FrameId} and its label. It is known by its bytes, so it stays; exports and trainings from now on leave the frame out.")),
        .. found.Runs.Select(run => new ErasurePlace("training run", run.Id, run.Learned ? "It learned from the frame." : "It measured itself on the frame.")),
        .. found.Models.Select(model => new ErasurePlace("model", model.Model.Digest, $"{model.Model.Name} {model.Model.Version} "
            + (model.Through is null ? "was trained with it; its package may hold the picture as the input of a golden vector. Train anew without it, then 'cvops model revoke' this one." : "came of a model that was trained with it."))),
        new("backup", "", "Backups from before have it until they are forgotten: 'cvops backup' with --keep-daily, --keep-weekly and --keep-monthly lets them go."),
        new("export", "", "What was exported, and what browsers keep of pages that showed it, is out of the fleet's reach."),
        new("device", "", "A device that has it still in its spool sends it once more; it is turned away."),
    ];

    private static partial class Log
    {
        [LoggerMessage(EventId = 2661, Level = LogLevel.Warning, Message = "{Frames} frames were erased everywhere ({Erasure}), asked for by {By}")]
        public static partial void Erased(ILogger logger, int frames, string erasure, string by);
    }
}
