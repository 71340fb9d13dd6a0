using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Quality;
using CvOps.Fleet.Frames.Annotators;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Frames;

/// <summary>What became of a label or an import: a frame, or why not.</summary>
/// <param name="Refusal">In a sentence that says what to do; null when there is a frame, and when there is none of that id.</param>
internal sealed record FrameOutcome(FrameView? Frame, string? Refusal);

/// <summary>Frames people look at: pictures in the blob store, rows in the database, labels with their history.</summary>
internal sealed class FrameStore(
    Database database, BlobStore blobs, FleetEvents events, RolloutSignals signals, IOptions<FleetOptions> options, TimeProvider time)
{
    /// <summary>The row of a frame a device sent. Its picture has to be in the blob store already.</summary>
    public static FrameView ViewOf(SampledFrame frame, string image) => new()
    {
        Id = frame.FrameId, Device = frame.Origin.Device, Camera = frame.Camera, Part = frame.Part, Frame = frame.Frame, CapturedAt = frame.CapturedAt, Model = frame.Model,
        Prediction = frame.Prediction, Shadow = frame.Shadow, Reasons = frame.Reasons, InclusionProbability = frame.InclusionProbability, ImageDigest = image,
        Width = frame.Width, Height = frame.Height, Crop = frame.Crop, State = LabelState.Unlabelled, Use = FrameUse.Training,
    };

    public Task<FrameView?> FindAsync(string id, CancellationToken cancel) => database.ReadAsync(connection => FrameTable.Find(connection, id), cancel);

    /// <summary>Those that there are, by id.</summary>
    public Task<IReadOnlyDictionary<string, FrameView>> FindAllAsync(IEnumerable<string> ids, CancellationToken cancel) => database.ReadAsync<IReadOnlyDictionary<string, FrameView>>(
        connection => ids.Distinct().Select(id => FrameTable.Find(connection, id)).OfType<FrameView>().ToDictionary(frame => frame.Id), cancel);

    /// <exception cref="BlobLostException">The file is gone.</exception>
    public string ImagePath(FrameView frame) => blobs.Find(frame.ImageDigest, $"the picture of frame {frame.Id}");

    public Task<byte[]> ReadImageAsync(FrameView frame, CancellationToken cancel) => blobs.ReadAsync(frame.ImageDigest, $"the picture of frame {frame.Id}", cancel);

    /// <summary>The golden set, in the order the frames came.</summary>
    public Task<FrameView[]> GoldenAsync(CancellationToken cancel) => database.ReadAsync(connection => connection.Query<string>(
        "SELECT body FROM frames WHERE state = @Labelled AND usage = @Golden ORDER BY row", new { Labelled = (int)LabelState.Labelled, Golden = (int)FrameUse.Golden })
        .Select(FrameTable.Parse).ToArray(), cancel);

    /// <summary>Labels, relabels or skips. Where the policy asks for several annotators, this is one of them (<see cref="Labelling"/>).</summary>
    public async Task<FrameOutcome> LabelAsync(string id, LabelRequest request, CancellationToken cancel)
    {
        if (LabelRule.Refuse(request) is { } refusal) return new FrameOutcome(null, refusal);
        var at = time.GetUtcNow();
        var settled = false;
        var (labelled, rollouts) = await database.WriteAsync<(FrameView?, IReadOnlyCollection<string>)>(connection =>
        {
            if (FrameTable.Find(connection, id) is not { } frame) return (null, []);
            frame = Labelling.Apply(connection, frame, request, EverLabelled(connection, id), options.Value.GoldenShare, at);
            Audit.Add(connection, at, request.By, request.Skip ? "frame.skipped" : "frame.labelled", id, request.Class ?? "");
            settled = FindingWork.Settle(connection, frame, at);
            return (frame, JudgedFrames.Count(connection, [frame], at));
        }, cancel);
        if (labelled is null) return new FrameOutcome(null, null);
        signals.Mark(rollouts);
        events.Publish("frame", labelled.Id);
        if (settled) events.Publish("quality", "");
        return new FrameOutcome(labelled, null);
    }

    /// <summary>Takes a picture from outside. The same picture again is the frame it was, unless it brings another label.</summary>
    public async Task<FrameOutcome> ImportAsync(FrameImport import, CancellationToken cancel)
    {
        var label = new LabelRequest(import.Class, import.By, Boxes: import.Boxes, Polygons: import.Polygons, Verdict: import.Verdict);
        var labels = LabelRule.SaysSomething(label);
        if ((labels ? LabelRule.Refuse(label) : LabelRule.RefuseName(import.By)) is { } refusal) return new FrameOutcome(null, refusal);
        if (import.Use == FrameUse.Golden && !labels) return new FrameOutcome(null, "A golden frame needs its label: give 'class', 'boxes', 'polygons' or 'verdict'.");
        if (!JpegHeader.TryReadSize(import.Jpeg, out var width, out var height)) return new FrameOutcome(null, "'jpeg' holds no JPEG picture: send the file's bytes in base64.");
        var at = time.GetUtcNow();
        var image = blobs.Put(import.Jpeg);
        var frame = new FrameView
        {
            Id = $"import-{image[..24]}", Part = import.Part, CapturedAt = at, Reasons = [new SamplingReason("import", 1)], ImageDigest = image, Width = width, Height = height,
            State = labels ? LabelState.Labelled : LabelState.Unlabelled, Use = import.Use,
            Label = labels ? LabelRule.LabelOf(label, at) : null,
        };
        var isSynthetic = false;
        var (kept, isNew) = await database.WriteAsync<(FrameView, bool?)>(connection =>
        {
            if (isSynthetic = import.Use == FrameUse.Golden && FrameTable.IsSynthetic(connection, image)) return (frame, null);
            if (!FrameTable.Insert(connection, frame, at)) return FrameTable.Find(connection, frame.Id) is { } there ? (there, false) : (frame, null);
            if (labels) FrameTable.AddHistory(connection, frame, import.By, at, LabelKind.Import, null);
            Audit.Add(connection, at, import.By, "frame.imported", frame.Id, $"{import.Use} {import.Class}");
            return (frame, true);
        }, cancel);
        if (isNew is null && !isSynthetic) return new FrameOutcome(null, "This picture was erased, and does not come back: 'cvops frames erasures' says when and why.");
        if (isNew is null) return new FrameOutcome(null, "This picture is synthetic: no camera took it, so no model is judged by it. Import it for training, or a picture from a camera.");
        if (!isNew.Value)
        {
            return kept.Use == import.Use && (labels ? LabelMatch.Same(kept.Label, label) : kept.Label is null)
                ? new FrameOutcome(kept, null)
                : new FrameOutcome(null, $"This picture is here already as frame {kept.Id}, used for {kept.Use} with another label ({LabelMatch.Words(kept.Label)}). Change its label with PUT frames/{kept.Id}/label; its use stays.");
        }
        events.Publish("frame", kept.Id);
        return new FrameOutcome(kept, null);
    }

    private static bool EverLabelled(DbConnection connection, string id) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM labels WHERE frame = @id AND state = @Labelled)", new { id, Labelled = (int)LabelState.Labelled });
}
