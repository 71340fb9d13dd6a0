using System.Text.Json;
using System.Threading.Channels;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Changes;
using CvOps.Fleet.Datasets.Lineage;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Datasets.Synthesis;
using CvOps.Fleet.Storage;
using CvOps.Vision;

namespace CvOps.Fleet.Datasets;

internal static class DatasetEndpoints
{
    private const int LinesKept = 64;
    private const string NoFrame = "No labelled frame matches, or all of them have to stay out: label some first, or ask for more.";

    public static void AddDatasets(this IServiceCollection services) => services
        .AddSingleton<PictureLight>().AddSingleton<SnapshotFreezer>().AddSingleton<DatasetStore>().AddSingleton<SnapshotComparison>()
        .AddSingleton<FrameLineageReader>().AddSingleton<ModelLineageReader>().AddSingleton<SeenFrames>().AddSingleton<Synthesizer>();

    public static void MapDatasets(this IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets", (DatasetStore datasets, CancellationToken cancel) => datasets.ListAsync(cancel));

        api.MapPost("/datasets", async (SnapshotRequest request, DatasetStore datasets, HttpContext http, CancellationToken cancel, bool stream = false) =>
        {
            if (SnapshotRule.Mistakes(request).ToArray() is { Length: > 0 } mistakes) return Problems.Unprocessable(string.Join(' ', mistakes));
            if (!stream)
                return await datasets.SnapshotAsync(request, cancel) is { } dataset ? Results.Created($"{ApiRoutes.Root}/datasets/{dataset.Digest}", dataset) : Problems.Unprocessable(NoFrame);
            await AnswerAsync(http, async tell => await datasets.SnapshotAsync(request, cancel, (stage, done, of) => tell(new DatasetLine(stage, done, of))) is { } view
                ? new DatasetLine("done", view.Frames, view.Frames, view)
                : new DatasetLine("done", 0, 0, Problem: NoFrame), cancel);
            return Results.Empty;
        });

        api.MapGet("/datasets/{digest}", async (string digest, string? after, string? split, string? @class, string? slice, bool? synthetic, DatasetStore datasets, CancellationToken cancel, int limit = Paging.Most) =>
        {
            var cut = slice?.IndexOf('=', StringComparison.Ordinal) ?? 0;
            if (slice is not null && cut <= 0) return Problems.BadRequest($"'{slice}' is no slice: give kind and value, such as camera=line-1/top or line=3.");
            return await datasets.PageAsync(digest, new EntryQuery(after, split?.ToLowerInvariant(), @class, slice is null ? null : (slice[..cut], slice[(cut + 1)..]), synthetic, Paging.Clamp(limit)), cancel) is { } page
                ? Results.Ok(page)
                : Problems.NotFound("dataset", digest);
        });
    }

    public static void MapLineage(this IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets/{from}/diff/{to}", async (string from, string to, string? kind, string? after, SnapshotComparison comparison, CancellationToken cancel, int limit = Paging.Default) =>
        {
            DatasetChangeKind? wanted = Enum.TryParse<DatasetChangeKind>(kind, ignoreCase: true, out var known) ? known : null;
            return kind is not null && wanted is null
                ? Problems.BadRequest($"'{kind}' is no kind of change: use {string.Join(", ", Enum.GetNames<DatasetChangeKind>()).ToLowerInvariant()}.")
                : await comparison.CompareAsync(from, to, wanted, after, Paging.Clamp(limit), cancel) is { } diff ? Results.Ok(diff) : Problems.NotFound("dataset", $"{from}' or '{to}");
        });

        api.MapPost("/frames/synthesize", async (SynthesisRequest request, Synthesizer synthesizer, HttpContext http, CancellationToken cancel) =>
        {
            if (SynthesisRule.Mistakes(request).ToArray() is { Length: > 0 } mistakes) return Problems.Unprocessable(string.Join(' ', mistakes));
            await AnswerAsync(http, async tell =>
            {
                try
                {
                    var (made, refusal) = await synthesizer.RunAsync(request, (done, of) => tell(new DatasetLine("making", done, of)), cancel);
                    return new DatasetLine("done", request.Count, request.Count, Problem: refusal, Made: made);
                }
                catch (Exception e) when (e is PictureException or BlobLostException)
                {
                    return new DatasetLine("done", 0, request.Count, Problem: e.Message);
                }
            }, cancel);
            return Results.Empty;
        });

        api.MapGet("/lineage", async (string? frame, string? picture, string? part, FrameLineageReader reader, CancellationToken cancel) =>
            new[] { frame, picture, part }.OfType<string>().ToArray() is not [{ Length: > 0 } asked]
                ? Problems.BadRequest("Ask after one thing: 'frame', 'picture' (the SHA-256 of its file) or 'part'. Models: GET models/{digest}/lineage.")
                : await reader.ReadAsync(new LineageQuery(frame, picture, part), cancel) is { } lineage ? Results.Ok(lineage) : Problems.NotFound(frame is not null ? "frame" : picture is not null ? "picture" : "part", asked));

        api.MapGet("/models/{digest}/lineage", async (string digest, ModelLineageReader reader, CancellationToken cancel) =>
            await reader.ReadAsync(digest, cancel) is { } lineage ? Results.Ok(lineage) : Problems.NotFound("model", digest));

        api.MapGet("/models/{digest}/frames", async (string digest, string? after, ModelLineageReader reader, CancellationToken cancel, int limit = Paging.Default) =>
            await reader.FramesAsync(digest, after, Paging.Clamp(limit), cancel) is { } page ? Results.Ok(page) : Problems.NotFound("model", digest));
    }

    /// <summary>Lines as they come, the outcome last; a reader that is slower misses some of the progress, never the outcome.</summary>
    private static async Task AnswerAsync(HttpContext http, Func<Action<DatasetLine>, Task<DatasetLine>> work, CancellationToken cancel)
    {
        var lines = Channel.CreateBounded<DatasetLine>(new BoundedChannelOptions(LinesKept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var outcome = Task.Run(async () =>
        {
            try
            {
                return await work(line => lines.Writer.TryWrite(line));
            }
            finally
            {
                lines.Writer.Complete();
            }
        }, cancel);
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var line in lines.Reader.ReadAllAsync(cancel)) await SendAsync(line);
        await SendAsync(await outcome);

        async Task SendAsync(DatasetLine line)
        {
            await http.Response.WriteAsync(JsonSerializer.Serialize(line, ContractsJson.Default.DatasetLine) + "\n", cancel);
            await http.Response.Body.FlushAsync(cancel);
        }
    }
}
