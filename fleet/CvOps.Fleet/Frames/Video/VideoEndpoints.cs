using System.Text.Json;
using System.Threading.Channels;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Vision;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Frames.Video;

internal static class VideoEndpoints
{
    private const int LinesKept = 64;

    public static void MapVideos(this IEndpointRouteBuilder api) => api.MapPost("/frames/video",
        async (HttpContext http, VideoDesk desk, CancellationToken cancel, string? name, string? every, string? change, string? device, string? camera, string? part, string? startsAt, string? by, bool takeDamaged = false) =>
        {
            var (request, mistakes) = VideoRequest.Read(name, every, change, device, camera, part, startsAt, takeDamaged, by ?? http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault());
            if (request is null) return Problems.Unprocessable(string.Join(' ', mistakes));
            // The desk counts the bytes itself while it takes them in.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            await AnswerAsync(http, desk, request, cancel);
            return Results.Empty;
        });

    /// <summary>Lines as they come; a reader that is slower misses some of the progress, never the report.</summary>
    private static async Task AnswerAsync(HttpContext http, VideoDesk desk, VideoRequest request, CancellationToken cancel)
    {
        var lines = Channel.CreateBounded<VideoLine>(new BoundedChannelOptions(LinesKept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var report = Task.Run(async () =>
        {
            try
            {
                return await desk.RunAsync(http.Request.Body, request, line => lines.Writer.TryWrite(line), cancel);
            }
            catch (Exception e) when (e is InvalidDataException or PictureException)
            {
                return new VideoReport { Problem = e.Message };
            }
            finally
            {
                lines.Writer.Complete();
            }
        }, cancel);
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var line in lines.Reader.ReadAllAsync(cancel)) await SendAsync(line);
        var done = await report;
        await SendAsync(new VideoLine("done", done.Sampled, done.Sampled, done));

        async Task SendAsync(VideoLine line)
        {
            await http.Response.WriteAsync(JsonSerializer.Serialize(line, ContractsJson.Default.VideoLine) + "\n", cancel);
            await http.Response.Body.FlushAsync(cancel);
        }
    }
}
