using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Frames.Annotators;

internal static class AnnotatorEndpoints
{
    public static void MapAnnotators(this IEndpointRouteBuilder api)
    {
        api.MapGet("/frames/{id}/labels", async (string id, ReviewDesk desk, CancellationToken cancel) => await desk.LabelsAsync(id, cancel) is { } labels ? Results.Ok(labels) : Problems.NotFound("frame", id));

        api.MapGet("/labels/disputes", (ReviewDesk desk, CancellationToken cancel, string? after, int limit = Paging.Default) => desk.DisputesAsync(after, Paging.Clamp(limit), cancel));

        api.MapGet("/labels/agreement", async (ReviewDesk desk, CancellationToken cancel, string? since) =>
            since is null ? Results.Ok(await desk.AgreementAsync(null, cancel))
            : DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var from) ? Results.Ok(await desk.AgreementAsync(from, cancel))
            : Problems.BadRequest($"'{since}' is no time: write 2026-11-22 or 2026-11-22T10:30:00Z."));

        api.MapGet("/labels/policy", (ReviewDesk desk, CancellationToken cancel) => desk.PolicyAsync(cancel));

        api.MapPut("/labels/policy", async (LabelPolicyRequest request, ReviewDesk desk, CancellationToken cancel) =>
            await desk.SetPolicyAsync(request, cancel) is { Count: > 0 } mistakes ? Problems.Unprocessable(string.Join(' ', mistakes)) : Results.Ok(await desk.PolicyAsync(cancel)));
    }
}
