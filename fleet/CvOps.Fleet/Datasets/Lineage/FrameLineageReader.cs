using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Lineage;

/// <summary>What is asked after: one of them.</summary>
internal sealed record LineageQuery(string? Frame, string? Picture, string? Part);

/// <summary>
/// From a frame, picture or part to the snapshots that hold it, the runs that were given those, and the models that came of them or of a model that did. Each
/// snapshot is asked by halving its document, so nothing has to be written down when one is frozen.
/// </summary>
internal sealed class FrameLineageReader(Database database, DatasetStore datasets)
{
    /// <summary>A part has a few frames; more than that is no question about one thing.</summary>
    private const int MostFrames = 1000;

    private const string Frames = """
        SELECT DISTINCT id, image, state, usage FROM frames WHERE (@Frame IS NOT NULL AND id = @Frame) OR (@Picture IS NOT NULL AND image = @Picture) OR (@Part IS NOT NULL AND part = @Part)
        ORDER BY id LIMIT @MostFrames
        """;

    /// <returns>Null when there is no such frame here.</returns>
    /// <exception cref="BlobLostException">A snapshot's document is gone.</exception>
    public async Task<FrameLineage?> ReadAsync(LineageQuery query, CancellationToken cancel)
    {
        var (frames, views, chain) = await database.ReadMomentAsync(connection => (Find(connection, query), DatasetStore.Read(connection), ModelChain.Read(connection)), cancel);
        if (frames.Count == 0) return null;
        var snapshots = await Task.Run(() => views.SelectMany(view => In(view, frames, cancel)).ToArray(), cancel);
        // Golden frames and those to test on never left for a trainer.
        var given = snapshots.Where(snapshot => snapshot.Split is "train" or "validation").GroupBy(snapshot => snapshot.Digest)
            .ToDictionary(snapshot => snapshot.Key, snapshot => snapshot.Any(entry => entry.Split == "train"));
        return new FrameLineage
        {
            Frames = frames, Snapshots = snapshots, Runs = await database.ReadAsync(connection => Runs(connection, given), cancel), Models = [.. chain.Models.SelectMany(model => Through(model, chain, given))],
        };
    }

    private static List<LineageFrame> Find(DbConnection connection, LineageQuery query)
    {
        var asked = Query(connection, Frames, "asked", new { query.Frame, query.Picture, query.Part, MostFrames });
        var known = asked.Select(frame => frame.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var picture in asked.Select(frame => frame.ImageDigest).Distinct().ToArray())
            asked.AddRange(Query(connection, "SELECT id, image, state, usage FROM frames WHERE image = @picture ORDER BY id", "same picture", new { picture }).Where(frame => known.Add(frame.Id)));
        foreach (var source in asked.Select(frame => frame.Id).ToArray())
            asked.AddRange(Query(connection, "SELECT f.id, f.image, f.state, f.usage FROM frame_origin AS o JOIN frames AS f ON f.id = o.frame WHERE o.source = @source ORDER BY f.id", "made from it", new { source }).Where(frame => known.Add(frame.Id)));
        return asked;
    }

    private static List<LineageFrame> Query(DbConnection connection, string sql, string because, object values) =>
        [.. connection.Query<(string Id, string Image, long State, long Use)>(sql, values).Select(row => new LineageFrame(row.Id, row.Image, because, (LabelState)row.State, (FrameUse)row.Use))];

    private IEnumerable<LineageSnapshot> In(DatasetView view, List<LineageFrame> frames, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var document = datasets.DocumentOf(view.Digest);
        return from frame in frames let entry = document.Find(frame.Id) where entry is not null
               select new LineageSnapshot(view.Digest, view.Name, view.CreatedAt, frame.Id, SnapshotTally.SplitOf(entry), entry.Class);
    }

    private static LineageRun[] Runs(DbConnection connection, Dictionary<string, bool> given) =>
    [
        .. given.SelectMany(dataset => connection.Query<(string Id, string Name, string Status)>(
            "SELECT DISTINCT r.id, r.name, r.status FROM run_input AS i JOIN run AS r ON r.id = i.run WHERE i.digest = @Key AND r.deleted = 0 ORDER BY r.id", new { dataset.Key })
            .Select(run => new LineageRun(run.Id, run.Name, run.Status, dataset.Key, dataset.Value))),
    ];

    private static IEnumerable<LineageModel> Through(ModelView model, ModelChain chain, Dictionary<string, bool> given) =>
        from step in chain.Of(model.Model.Digest) where step.Model?.Lineage.Dataset is { } dataset && given.ContainsKey(dataset)
        select new LineageModel(model.Model, step.Model.Lineage.Dataset!, step.Digest == model.Model.Digest ? null : step.Model.Model, given[step.Model.Lineage.Dataset!]);
}
