using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Retention.Erasure;

namespace CvOps.Fleet.Retention;

internal static class RetentionEndpoints
{
    public static void AddRetention(this IServiceCollection services) =>
        services.AddSingleton<BlobSweep>().AddSingleton<RetentionDesk>().AddSingleton<FrameErasure>().AddHostedService<RetentionLoop>();

    public static void MapRetention(this IEndpointRouteBuilder api)
    {
        api.MapGet("/retention", (RetentionDesk desk, CancellationToken cancel) => desk.ViewAsync(cancel));

        api.MapPut("/retention", async (RetentionRequest request, RetentionDesk desk, CancellationToken cancel) =>
            await desk.SetAsync(request, cancel) is { Count: > 0 } mistakes ? Problems.Unprocessable(string.Join(' ', mistakes)) : Results.Ok(await desk.ViewAsync(cancel)));

        api.MapPost("/retention/run", async (RetentionRunRequest request, RetentionDesk desk, CancellationToken cancel) =>
            request is { Policy: not null, Look: false } ? Problems.Unprocessable("'policy' is tried with 'look' alone: set one with PUT retention first.")
            : request.Policy is { } policy && RetentionRule.Mistakes(policy) is { Count: > 0 } mistakes ? Problems.Unprocessable(string.Join(' ', mistakes))
            : Results.Ok(request.Look ? await desk.LookAsync(request.Policy, request.By, cancel) : await desk.RunAsync(request.By, cancel)));

        api.MapGet("/erasures", (FrameErasure erasure, CancellationToken cancel) => erasure.ListAsync(cancel));

        api.MapPost("/erasures", async (ErasureRequest request, FrameErasure erasure, CancellationToken cancel) =>
            FrameErasure.Mistakes(request) is { Count: > 0 } mistakes ? Problems.Unprocessable(string.Join(' ', mistakes))
            : await erasure.EraseAsync(request, cancel) is { } view ? Results.Ok(view) : Problems.NotFound(request.Part is null ? "frame" : "frame of a part", (request.Frame ?? request.Part ?? request.Picture)!));
    }
}
