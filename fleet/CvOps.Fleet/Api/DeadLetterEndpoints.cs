using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Api;

internal static class DeadLetterEndpoints
{
    public static void MapDeadLetters(this IEndpointRouteBuilder api)
    {
        api.MapGet("/deadletters", async (DeadLetters letters, CancellationToken cancel, string? device, string? reason, long? before, int limit = Paging.Default) =>
            device is not null && !Identifier.IsValid(device) ? Problems.Unprocessable($"'{device}' is no device id.")
                : Results.Ok(await letters.PageAsync(device, reason, before, Paging.Clamp(limit), cancel)));

        api.MapPost("/deadletters/{row:long}/retry", async (long row, DeadLetterAction action, DeadLetters letters, CancellationToken cancel) =>
            await letters.RetryAsync(row, action, cancel) switch
            {
                null => Problems.NotFound("dead letter", $"{row}"),
                { Done: false } refused => Problems.Unprocessable(refused.Message),
                var done => Results.Ok(done),
            });

        api.MapPost("/deadletters/{row:long}/discard", async (long row, DeadLetterAction action, DeadLetters letters, CancellationToken cancel) =>
            await letters.DiscardAsync(row, action, cancel) is { } outcome ? Results.Ok(outcome) : Problems.NotFound("dead letter", $"{row}"));
    }
}
