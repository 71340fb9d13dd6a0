using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Models;
using CvOps.Vision;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>
/// Decides whose embeddings frames are compared by: those of the model that the settings name; without one, of the first registered model that has any, which stays
/// the first, so that what is known of a million frames is not made anew for every retrained head.
/// </summary>
internal sealed partial class EmbeddingSpaces(ModelRegistry models, IOptions<FleetOptions> options, ILogger<EmbeddingSpaces> log)
{
    // Packages never change: one that has no embedding never will.
    private readonly HashSet<string> _without = [];

    /// <summary>Opens the space that is right now, unless it is the one that is open.</summary>
    /// <param name="open">Null for none.</param>
    /// <returns>A new one, or the open one. The caller owns it.</returns>
    public async Task<EmbeddingSpace> ChooseAsync(EmbeddingSpace? open, CancellationToken cancel)
    {
        var named = options.Value.EmbeddingModel;
        // The first model stays the first.
        if (open is not null && open.Name != GradientEmbedding.Space) return open;
        foreach (var view in (await models.ListAsync(cancel)).OrderBy(view => view.RegisteredAt).ThenBy(view => view.Model.Digest, StringComparer.Ordinal))
        {
            if (named is not null && named != view.Model.Digest && named != $"{view.Model.Name}@{view.Model.Version}") continue;
            if (_without.Contains(view.Model.Digest)) continue;
            if (await OpenAsync(view, cancel) is { } space) return space;
            _without.Add(view.Model.Digest);
        }
        return open ?? EmbeddingSpace.Gradients();
    }

    private async Task<EmbeddingSpace?> OpenAsync(ModelView view, CancellationToken cancel)
    {
        if (view.Lost) return null;
        try
        {
            return await models.OpenAsync(view.Model.Digest, cancel) is { Manifest.Decoder.Embedding: not null } package ? EmbeddingSpace.Of(package.Digest, package.Onnx, package.Manifest) : null;
        }
        catch (Exception e) when (e is ModelException or PackageException or Storage.BlobLostException)
        {
            Log.ModelUnusable(log, view.Model.Name, view.Model.Version, e.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2621, Level = LogLevel.Warning, Message = "Frames can't be compared by the embeddings of {Model} {Version}: {Problem}")]
        public static partial void ModelUnusable(ILogger logger, string model, string version, string problem);
    }
}
