using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Lineage;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Web;

/// <summary>What the pages of models show, for as long as the request lasts.</summary>
internal sealed class ModelData(IHttpContextAccessor http, ModelRegistry models, ModelAliases aliases, ModelLineageReader lineage, AccuracyReader accuracy, IGrainFactory grains)
{
    private const int MostEvents = 200;

    private CancellationToken Gone => http.HttpContext?.RequestAborted ?? CancellationToken.None;

    /// <summary>The newest first.</summary>
    public async Task<IReadOnlyList<ModelView>> List() => [.. (await models.ListAsync(Gone)).OrderByDescending(model => model.RegisteredAt)];

    public async Task<ModelView?> Find(string digest) => BlobStore.IsDigest(digest) ? await models.FindAsync(digest, Gone) : null;

    /// <summary>Of all versions of that name, the newest first.</summary>
    public Task<ModelEvent[]> History(string? name) => aliases.HistoryAsync(name, MostEvents, Gone);

    public Task<ModelLineage?> Lineage(string digest) => lineage.ReadAsync(digest, Gone);

    public Task<ModelAccuracy> Accuracy(ModelView model) => accuracy.ReadAsync(model.Model, null, Gone);

    /// <summary>Rollouts that bring it, or did.</summary>
    public async Task<IReadOnlyList<RolloutView>> Rollouts(string digest) => [.. (await RolloutEndpoints.ReadAll(grains)).Where(rollout => rollout.Model.Digest == digest)];
}
