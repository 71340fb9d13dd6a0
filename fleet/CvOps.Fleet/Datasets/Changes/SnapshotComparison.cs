using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Changes;

/// <summary>Goes over two snapshots side by side, in the order of their frames, and counts what differs. Memory holds a page of it.</summary>
internal sealed class SnapshotComparison(DatasetStore datasets)
{
    /// <param name="kind">The changes to list; null for all. All are counted.</param>
    /// <param name="after">Frame id that the page begins after; null for the first page.</param>
    /// <returns>Null when one of them is not here.</returns>
    /// <exception cref="Storage.BlobLostException">A document's file is gone.</exception>
    public async Task<DatasetDiff?> CompareAsync(string from, string to, DatasetChangeKind? kind, string? after, int limit, CancellationToken cancel)
    {
        if (await datasets.FindViewAsync(from, cancel) is not { } old || await datasets.FindViewAsync(to, cancel) is not { } young) return null;
        return await Task.Run(() => Compare(old, young, kind, after, limit, cancel), cancel);
    }

    private DatasetDiff Compare(DatasetView from, DatasetView to, DatasetChangeKind? kind, string? after, int limit, CancellationToken cancel)
    {
        var (counts, unchanged, page, more) = (new int[Enum.GetValues<DatasetChangeKind>().Length], 0, new List<DatasetChange>(), false);
        using var before = datasets.DocumentOf(from.Digest).Lines().GetEnumerator();
        using var now = datasets.DocumentOf(to.Digest).Lines().GetEnumerator();
        var (left, right) = (before.MoveNext(), now.MoveNext());
        while (left || right)
        {
            cancel.ThrowIfCancellationRequested();
            var order = !left ? 1 : !right ? -1 : string.CompareOrdinal(before.Current.Frame, now.Current.Frame);
            if (order == 0 && before.Current.Json == now.Current.Json) unchanged++;
            else Note(order <= 0 ? before.Current.Entry : null, order >= 0 ? now.Current.Entry : null);
            if (order <= 0) left = before.MoveNext();
            if (order >= 0) right = now.MoveNext();
        }
        return new DatasetDiff
        {
            From = from, To = to, Added = Count(DatasetChangeKind.Added), Removed = Count(DatasetChangeKind.Removed), Relabelled = Count(DatasetChangeKind.Relabelled),
            Moved = Count(DatasetChangeKind.Moved), Redescribed = Count(DatasetChangeKind.Redescribed), Unchanged = unchanged, Changes = page, Next = more ? page[^1].FrameId : null,
        };

        int Count(DatasetChangeKind of) => counts[(int)of];

        void Note(DatasetEntry? old, DatasetEntry? young)
        {
            var kinds = old is null ? [DatasetChangeKind.Added] : young is null ? [DatasetChangeKind.Removed] : ChangeRule.Of(old, young);
            if (kinds.Count == 0) unchanged++;
            foreach (var one in kinds) counts[(int)one]++;
            var frame = (young ?? old)!.FrameId;
            if (kinds.Count == 0 || (kind is { } wanted && !kinds.Contains(wanted)) || string.CompareOrdinal(frame, after) <= 0) return;
            if (page.Count < limit) page.Add(new DatasetChange(frame, kinds, old, young));
            else more = true;
        }
    }
}
