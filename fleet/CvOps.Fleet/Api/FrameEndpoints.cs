using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Frames.Search;
using Microsoft.AspNetCore.Mvc;

namespace CvOps.Fleet.Api;

internal static class FrameEndpoints
{
    public static void MapFrames(this IEndpointRouteBuilder api)
    {
        api.MapGet("/frames", async (HttpContext http, SiteViews views, Principal who, TimeProvider time, CancellationToken cancel, string? after, [FromQuery(Name = "for")] string? annotator, int limit = Paging.Default) =>
        {
            var (filter, order, mistakes) = FrameQueryText.Read(http.Request.Query.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.LastOrDefault())), time.GetUtcNow());
            return mistakes.Count > 0
                ? Problems.BadRequest(string.Join(' ', mistakes))
                : Results.Ok(await views.FramesAsync(who, FrameQuery.Of(filter, order, after, Paging.Clamp(limit)) with { For = annotator }, cancel));
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

    private static IResult Answer(FrameOutcome outcome, string id) =>
        outcome.Frame is { } frame ? Results.Ok(frame) : outcome.Refusal is { } refusal ? Problems.Unprocessable(refusal) : Problems.NotFound("frame", id);
}
