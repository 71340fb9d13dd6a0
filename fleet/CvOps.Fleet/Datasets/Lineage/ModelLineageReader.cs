using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Datasets.Lineage;

/// <summary>From a model to the runs and snapshots it came of, and to the frames that it, or one before it, learned from.</summary>
internal sealed class ModelLineageReader(Database database, DatasetStore datasets)
{
    /// <returns>Null when the model is not registered.</returns>
    public Task<ModelLineage?> ReadAsync(string digest, CancellationToken cancel) => database.ReadMomentAsync(connection =>
    {
        var steps = ModelChain.Read(connection).Of(digest).ToArray();
        if (steps[0].Model is not { } model) return null;
        var views = DatasetStore.Read(connection).ToDictionary(view => view.Digest);
        return new ModelLineage(model.Model, [.. steps.Select(step => new LineageStep(
            step.Digest, step.Model?.Model, step.Model?.Lineage.TrainingRun, step.Model?.Lineage.Dataset, step.Model?.Lineage.Dataset is { } dataset ? views.GetValueOrDefault(dataset) : null))]);
    }, cancel);

    /// <param name="after">Cursor of the page before.</param>
    /// <returns>Frames by snapshot, the model's own first, each frame where it is first met; null when the model is not registered.</returns>
    /// <exception cref="FormatException">The cursor is none of ours.</exception>
    /// <exception cref="BlobLostException">A snapshot's document is gone.</exception>
    public async Task<ModelFramePage?> FramesAsync(string digest, string? after, int limit, CancellationToken cancel)
    {
        if (await ReadAsync(digest, cancel) is not { } lineage) return null;
        string[] here = [.. lineage.Steps.Select(step => step.Snapshot?.Digest).OfType<string>().Distinct()];
        var cut = after?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        var from = after is null ? 0 : cut > 0 ? Array.IndexOf(here, after[..cut]) : -1;
        if (from < 0) throw new FormatException($"'{after}' is no cursor of this model's frames: pass on what 'next' held, or leave 'after' out.");
        return await Task.Run(() =>
        {
            var frames = Learned(here, from, cut > 0 ? after![(cut + 1)..] : null).TakeWhile(_ => !cancel.IsCancellationRequested).Take(limit).ToArray();
            return new ModelFramePage(frames, frames.Length == limit ? $"{frames[^1].Dataset}:{frames[^1].Entry.FrameId}" : null);
        }, cancel);
    }

    private IEnumerable<ModelFrame> Learned(string[] snapshots, int from, string? after)
    {
        var earlier = snapshots[..from].Select(datasets.DocumentOf).ToList();
        for (var i = from; i < snapshots.Length; i++)
        {
            var document = datasets.DocumentOf(snapshots[i]);
            foreach (var entry in document.Read(i == from ? after : null).Where(IsLearned))
                if (!earlier.Any(known => known.Find(entry.FrameId) is { } before && IsLearned(before))) yield return new ModelFrame(snapshots[i], entry);
            earlier.Add(document);
        }
    }

    private static bool IsLearned(DatasetEntry entry) => SnapshotTally.SplitOf(entry) == "train";
}
