using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Api;

internal static class FrameEndpoints
{
    public static void MapFrames(this IEndpointRouteBuilder api)
    {
        api.MapGet("/frames", async (LabelQueue queue, CancellationToken cancel, string? state, string? device, string? rule, string? after, int limit = Paging.Default) =>
        {
            // Query strings are typed by people: the case of a word is not what they mean.
            LabelState? wanted = Enum.TryParse<LabelState>(state, ignoreCase: true, out var known) ? known : null;
            return state is not null && wanted is null
                ? Problems.BadRequest($"'{state}' is no state of a frame: use {string.Join(", ", Enum.GetNames<LabelState>()).ToLowerInvariant()}.")
                : Results.Ok(await queue.PageAsync(new FrameQuery(wanted, device, rule, after, Paging.Clamp(limit)), cancel));
        });

        api.MapGet("/frames/{id}", async (string id, FrameStore frames, CancellationToken cancel) =>
            await frames.FindAsync(id, cancel) is { } frame ? Results.Ok(frame) : Problems.NotFound("frame", id));

        api.MapGet("/frames/{id}/image", async (string id, FrameStore frames, HttpContext http, CancellationToken cancel) =>
        {
            if (await frames.FindAsync(id, cancel) is not { } frame) return Problems.NotFound("frame", id);
            var image = frames.ImagePath(frame);
            http.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
            return Results.File(image, "image/jpeg", enableRangeProcessing: true);
        });

        api.MapPut("/frames/{id}/label", async (string id, LabelRequest request, FrameStore frames, CancellationToken cancel) =>
            Answer(await frames.LabelAsync(id, request, cancel), id));

        api.MapPost("/frames", async (FrameImport import, FrameStore frames, CancellationToken cancel) => Answer(await frames.ImportAsync(import, cancel), "import"));
    }

    public static void MapDatasets(this IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets", (DatasetStore datasets, CancellationToken cancel) => datasets.ListAsync(cancel));

        api.MapPost("/datasets", async (SnapshotRequest request, DatasetStore datasets, CancellationToken cancel) =>
            string.IsNullOrWhiteSpace(request.Name) || string.IsNullOrWhiteSpace(request.By)
                ? Problems.Unprocessable("A snapshot needs a 'name', and 'by' says who freezes it.")
                : await datasets.SnapshotAsync(request, cancel) is { } dataset
                    ? Results.Created($"{ApiRoutes.Root}/datasets/{dataset.Digest}", dataset)
                    : Problems.Unprocessable("No labelled frame matches: label some first, or ask for more with 'device' and 'since'."));

        api.MapGet("/datasets/{digest}", async (string digest, DatasetStore datasets, CancellationToken cancel) =>
            await datasets.FindAsync(digest, cancel) is { } dataset ? Results.Ok(dataset) : Problems.NotFound("dataset", digest));
    }

    private static IResult Answer(FrameOutcome outcome, string id) =>
        outcome.Frame is { } frame ? Results.Ok(frame) : outcome.Refusal is { } refusal ? Problems.Unprocessable(refusal) : Problems.NotFound("frame", id);
}
