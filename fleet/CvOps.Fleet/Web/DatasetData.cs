using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Changes;
using CvOps.Fleet.Datasets.Lineage;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Web;

/// <summary>What the pages of datasets show, for as long as the request lasts.</summary>
internal sealed class DatasetData(IHttpContextAccessor http, DatasetStore datasets, SnapshotComparison comparison, FrameLineageReader frames, ModelLineageReader models)
{
    private CancellationToken Gone => http.HttpContext?.RequestAborted ?? CancellationToken.None;

    public Task<DatasetView[]> List() => datasets.ListAsync(Gone);

    public Task<DatasetDetail?> Page(string digest, EntryQuery query) => BlobStore.IsDigest(digest) ? datasets.PageAsync(digest, query, Gone) : Task.FromResult<DatasetDetail?>(null);

    public Task<DatasetDiff?> Compare(string from, string to, DatasetChangeKind? kind, string? after, int limit) => comparison.CompareAsync(from, to, kind, after, limit, Gone);

    public Task<FrameLineage?> Lineage(string? frame, string? picture, string? part) => frames.ReadAsync(new LineageQuery(frame, picture, part), Gone);

    public Task<ModelLineage?> LineageOf(string model) => models.ReadAsync(model, Gone);

    public Task<ModelFramePage?> FramesOf(string model, string? after, int limit) => models.FramesAsync(model, after, limit, Gone);
}
