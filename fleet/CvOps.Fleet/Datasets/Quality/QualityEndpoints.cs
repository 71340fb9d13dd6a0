using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Quality.Similar;

namespace CvOps.Fleet.Datasets.Quality;

internal static class QualityEndpoints
{
    private const int Similar = 24;

    public static void MapQuality(this IEndpointRouteBuilder api) =>
        api.MapGet("/frames/{id}/similar", async (string id, SimilarFrames frames, CancellationToken cancel, int limit = Similar) =>
            await frames.LikeAsync(id, Math.Clamp(limit, 1, SimilarFrames.Most), cancel) is { } view ? Results.Ok(view) : Problems.NotFound("frame", id));
}
