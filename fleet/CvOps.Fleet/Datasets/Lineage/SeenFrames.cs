using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Datasets.Lineage;

/// <summary>
/// Golden frames that a model has seen all the same: a frame may have become golden, or a part's name known, after its like was trained on. A gate leaves them out.
/// </summary>
internal sealed class SeenFrames(Database database, DatasetStore datasets)
{
    /// <param name="models">Digests; what was trained before them counts, too.</param>
    /// <returns>Ids of the golden frames whose frame, part or picture one of them was trained or validated on, itself or in a picture made from it.</returns>
    /// <exception cref="BlobLostException">A snapshot's document is gone.</exception>
    public async Task<IReadOnlySet<string>> AmongAsync(IReadOnlyCollection<FrameView> golden, IReadOnlyCollection<string> models, CancellationToken cancel)
    {
        var here = await database.ReadMomentAsync(connection =>
        {
            var chain = ModelChain.Read(connection);
            var known = DatasetStore.Read(connection).Select(view => view.Digest).ToHashSet(StringComparer.Ordinal);
            return models.SelectMany(chain.Datasets).Distinct().Where(known.Contains).ToArray();
        }, cancel);
        if (golden.Count == 0 || here.Length == 0) return new HashSet<string>();
        return await Task.Run(() => Among(golden, here, cancel), cancel);
    }

    private HashSet<string> Among(IReadOnlyCollection<FrameView> golden, string[] snapshots, CancellationToken cancel)
    {
        var ids = golden.Select(frame => frame.Id).ToHashSet(StringComparer.Ordinal);
        var pictures = golden.ToLookup(frame => frame.ImageDigest, frame => frame.Id, StringComparer.Ordinal);
        var parts = golden.Where(frame => frame.Part is not null).ToLookup(frame => frame.Part!, frame => frame.Id, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in snapshots.SelectMany(digest => datasets.DocumentOf(digest).Read()).Where(SnapshotRule.IsForTrainers))
        {
            cancel.ThrowIfCancellationRequested();
            Meet(entry.FrameId, entry.ImageDigest, entry.Part);
            foreach (var source in entry.Synthetic?.Sources ?? []) Meet(source.FrameId, source.ImageDigest, source.Part);
        }
        return seen;

        void Meet(string frame, string image, string? part)
        {
            if (ids.Contains(frame)) seen.Add(frame);
            seen.UnionWith(pictures[image]);
            if (part is not null) seen.UnionWith(parts[part]);
        }
    }
}
