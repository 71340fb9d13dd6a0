using CvOps.Fleet.Api;
using Microsoft.AspNetCore.Mvc;

namespace CvOps.Fleet.Tracking;

internal static class TrackingEndpoints
{
    public static void MapTracking(this IEndpointRouteBuilder api)
    {
        api.MapGet("/runs", (string? experiment, string? filter, string? order, string? after, RunViews runs, CancellationToken cancel, int limit = Paging.Default) =>
            GuardAsync(async () => Results.Ok(await runs.PageAsync(experiment, filter, order, after, Paging.Clamp(limit), cancel))));

        api.MapGet("/runs/compare", ([FromQuery] string[] run, RunViews runs, CancellationToken cancel) => GuardAsync(async () => Results.Ok(await runs.CompareAsync(run, cancel))));

        api.MapGet("/runs/{id}", async (string id, RunViews runs, CancellationToken cancel) =>
            await runs.FindAsync(id, cancel) is { } detail ? Results.Ok(detail) : Problems.NotFound("run", id));
    }

    private static async Task<IResult> GuardAsync(Func<Task<IResult>> work)
    {
        try
        {
            return await work();
        }
        catch (TrackingException e) when (e.Error == TrackingError.ResourceDoesNotExist)
        {
            return Results.Problem(e.Message, statusCode: 404, title: "No such run");
        }
        catch (TrackingException e)
        {
            return Problems.BadRequest(e.Message);
        }
    }
}
