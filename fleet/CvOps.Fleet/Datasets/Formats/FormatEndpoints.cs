using System.Text.Json;
using System.Threading.Channels;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Datasets.Formats.Import;
using CvOps.Fleet.Frames;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Datasets.Formats;

internal static class FormatEndpoints
{
    private const int LinesKept = 64;

    public static void AddFormats(this IServiceCollection services) =>
        services.AddSingleton<ImportLimits>().AddSingleton<ImportDesk>().AddSingleton<ExportDesk>().AddHostedService<ImportCleanUp>();

    public static void MapFormats(this IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets/{digest}/export/check", async (string digest, string? format, string? use, ExportDesk desk, CancellationToken cancel) =>
        {
            if (Refuse(format, use, out var known, out var wanted) is { } refusal) return Problems.BadRequest(refusal);
            return await desk.CheckAsync(digest, known, wanted, cancel) is { } check ? Results.Ok(check) : Problems.NotFound("dataset", digest);
        });

        api.MapGet("/datasets/{digest}/export", async (string digest, string? format, string? use, HttpContext http, ExportDesk desk, CancellationToken cancel, bool images = true) =>
        {
            if (Refuse(format, use, out var known, out var wanted) is { } refusal) return Problems.BadRequest(refusal);
            if (await desk.FindAsync(digest, cancel) is not { } view) return Problems.NotFound("dataset", digest);
            var entry = FormatTable.Of(known);
            if (!images && known == DatasetFormat.Folders) return Problems.Unprocessable("Folders are pictures and nothing else: export them with images.");
            var zip = images || entry.OneFile is null;
            http.Response.ContentType = zip ? "application/zip" : "application/octet-stream";
            http.Response.Headers.ContentDisposition = $"attachment; filename=\"{digest[..12]}-{known.ToString().ToLowerInvariant()}.{(zip ? "zip" : entry.OneFile)}\"";
            // Writers of archives and XML write when they do, not when they are awaited.
            if (http.Features.Get<IHttpBodyControlFeature>() is { } body) body.AllowSynchronousIO = true;
            await Task.Factory.StartNew(() => desk.Write(view, entry, wanted, images, zip, http.Response.Body, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return Results.Empty;
        });

        api.MapPost("/frames/import", async (string? format, string? use, string? by, string? attributes, HttpContext http, ImportDesk desk, CancellationToken cancel, bool relabel = false, bool dryRun = false) =>
        {
            DatasetFormat? known = null;
            if (format is not (null or "auto"))
            {
                if (!FormatTable.TryParse(format, out var named)) return Problems.BadRequest($"'{format}' is no format: use auto, {FormatTable.Names}.");
                known = named;
            }
            FrameUse? wanted = null;
            if (use is not null)
            {
                if (!Enum.TryParse<FrameUse>(use, ignoreCase: true, out var named)) return Problems.BadRequest($"'{use}' is no use: training or golden.");
                wanted = named;
            }
            var who = by ?? http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault();
            if (string.IsNullOrWhiteSpace(who)) return Problems.Unprocessable("Say who imports in 'by'.");
            var columns = (attributes ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (columns.Select(AttributeRule.RefuseName).FirstOrDefault(bad => bad is not null) is { } misnamed) return Problems.BadRequest(misnamed);
            // The desk counts the bytes itself while it takes them in.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            await AnswerAsync(http, desk, new ImportRequest(known, wanted, relabel, dryRun, who) { Attributes = columns }, cancel);
            return Results.Empty;
        });
    }

    /// <summary>Lines as they come; a reader that is slower misses some of the progress, never the report.</summary>
    private static async Task AnswerAsync(HttpContext http, ImportDesk desk, ImportRequest request, CancellationToken cancel)
    {
        var lines = Channel.CreateBounded<ImportLine>(new BoundedChannelOptions(LinesKept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var report = Task.Run(async () =>
        {
            try
            {
                return await desk.RunAsync(http.Request.Body, request, line => lines.Writer.TryWrite(line), cancel);
            }
            finally
            {
                lines.Writer.Complete();
            }
        }, cancel);
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var line in lines.Reader.ReadAllAsync(cancel)) await SendAsync(line);
        var done = await report;
        await SendAsync(new ImportLine("done", done.Pictures, done.Pictures, done));

        async Task SendAsync(ImportLine line)
        {
            await http.Response.WriteAsync(JsonSerializer.Serialize(line, ContractsJson.Default.ImportLine) + "\n", cancel);
            await http.Response.Body.FlushAsync(cancel);
        }
    }

    /// <returns>Why not, in a sentence.</returns>
    private static string? Refuse(string? format, string? use, out DatasetFormat known, out FrameUse? wanted)
    {
        (known, wanted) = (default, FrameUse.Training);
        if (format is null || !FormatTable.TryParse(format, out known)) return $"'{format}' is no format: use {FormatTable.Names}.";
        if (use is null) return null;
        if (string.Equals(use, "all", StringComparison.OrdinalIgnoreCase)) wanted = null;
        else if (Enum.TryParse<FrameUse>(use, ignoreCase: true, out var named)) wanted = named;
        else return $"'{use}' is no use: training, golden or all.";
        return null;
    }
}

/// <summary>Removes at the start what imports left that a crash ended.</summary>
internal sealed class ImportCleanUp(ImportDesk desk) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        desk.CleanUp();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
