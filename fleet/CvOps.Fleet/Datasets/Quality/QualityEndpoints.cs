using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Quality.Similar;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Datasets.Quality;

internal static class QualityEndpoints
{
    private const int Similar = 24;
    private const int LinesKept = 64;

    public static void MapQuality(this IEndpointRouteBuilder api)
    {
        api.MapGet("/frames/{id}/similar", async (string id, SimilarFrames frames, CancellationToken cancel, int limit = Similar) =>
            await frames.LikeAsync(id, Math.Clamp(limit, 1, SimilarFrames.Most), cancel) is { } view ? Results.Ok(view) : Problems.NotFound("frame", id));

        api.MapGet("/quality", async (string? dataset, QualityDesk desk, CancellationToken cancel) =>
            await desk.ReportAsync(dataset, cancel) is { } report ? Results.Ok(report) : Problems.NotFound("check", dataset ?? "of all frames: POST quality/check runs one"));

        api.MapPost("/quality/check", async (string? dataset, HttpContext http, QualityDesk desk, CancellationToken cancel) =>
        {
            await AnswerAsync(http, dataset, desk, cancel);
            return Results.Empty;
        });

        api.MapGet("/quality/findings", async (string? dataset, string? kind, string? after, QualityDesk desk, CancellationToken cancel, bool accepted = false, int limit = Paging.Default) =>
        {
            QualityKind? wanted = Enum.TryParse<QualityKind>(kind, ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : null;
            if (kind is not null && wanted is null) return Problems.BadRequest($"'{kind}' is no kind of finding: use {string.Join(", ", Enum.GetNames<QualityKind>())}.");
            if (!int.TryParse(after ?? "-1", CultureInfo.InvariantCulture, out var place)) return Problems.BadRequest($"'{after}' is no cursor of a page of findings: pass on what 'next' held, or leave 'after' out.");
            return Results.Ok(await desk.PageAsync(dataset, wanted, accepted, place, Paging.Clamp(limit), cancel));
        });

        api.MapPut("/quality/findings/{id}", async (string id, string? dataset, QualityDecision decision, QualityDesk desk, CancellationToken cancel) =>
            string.IsNullOrWhiteSpace(decision.By) ? Problems.Unprocessable("Say who decides in 'by'.")
            : await desk.DecideAsync(dataset, id, decision, cancel) is { } finding ? Results.Ok(finding) : Problems.NotFound("finding", id));
    }

    /// <summary>Lines as they come, the report last; a reader that is slower misses some of the progress, never the report. Who goes away ends the check.</summary>
    private static async Task AnswerAsync(HttpContext http, string? dataset, QualityDesk desk, CancellationToken cancel)
    {
        var lines = Channel.CreateBounded<QualityLine>(new BoundedChannelOptions(LinesKept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var outcome = Task.Run(async () =>
        {
            try
            {
                return await desk.CheckAsync(dataset, (stage, done, of) => lines.Writer.TryWrite(new QualityLine(stage, done, of)), cancel) is { } report
                    ? new QualityLine("done", report.Frames, report.Frames, report)
                    : new QualityLine("done", 0, 0, Problem: $"There is no dataset '{dataset}': 'cvops dataset list' shows those there are.");
            }
            catch (BlobLostException e)
            {
                return new QualityLine("done", 0, 0, Problem: e.Message);
            }
            finally
            {
                lines.Writer.Complete();
            }
        }, cancel);
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var line in lines.Reader.ReadAllAsync(cancel)) await SendAsync(line);
        await SendAsync(await outcome);

        async Task SendAsync(QualityLine line)
        {
            await http.Response.WriteAsync(JsonSerializer.Serialize(line, ContractsJson.Default.QualityLine) + "\n", cancel);
            await http.Response.Body.FlushAsync(cancel);
        }
    }
}
