using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CvOps.Simulator.Lines;

/// <summary>The lines over HTTP: state, truth, drift, video.</summary>
internal static class LineRoutes
{
    private const int MaxTruths = 10_000;

    public static void MapLines(this IEndpointRouteBuilder routes, IReadOnlyDictionary<string, Line> lines)
    {
        routes.MapGet("/lines", (HttpContext http) => Answer(http, [.. lines.Values.Select(line => line.View())], ContractsJson.Default.LineViewArray));
        routes.MapGet("/lines/{line}", (HttpContext http, string line) => With(http, lines, line, found => Answer(http, found.View(), ContractsJson.Default.LineView)));
        routes.MapGet("/lines/{line}/truth/{serial}", (HttpContext http, string line, uint serial) => With(http, lines, line, found =>
            found.Truth.TryFind(serial, out var truth)
                ? Answer(http, truth, ContractsJson.Default.PartTruth)
                : Refuse(http, StatusCodes.Status404NotFound, $"{line} knows no part {serial}; its newest is {found.Truth.Newest}.")));
        routes.MapGet("/lines/{line}/truth", (HttpContext http, string line, uint after = 0, int limit = 1000) => With(http, lines, line, found =>
            limit is >= 1 and <= MaxTruths
                ? Answer(http, new PartTruthPage(line, found.Truth.After(after, limit)), ContractsJson.Default.PartTruthPage)
                : Refuse(http, StatusCodes.Status400BadRequest, string.Create(CultureInfo.InvariantCulture, $"limit is {limit}; it must be 1 to {MaxTruths}."))));
        routes.MapPost("/lines/{line}/drift", (HttpContext http, string line) => With(http, lines, line, found => DriftAsync(http, found)));
        routes.MapGet("/lines/{line}/video", (HttpContext http, string line) => With(http, lines, line, found => VideoAsync(http, found)));
    }

    private static Task With(HttpContext http, IReadOnlyDictionary<string, Line> lines, string name, Func<Line, Task> answer) =>
        lines.TryGetValue(name, out var line) ? answer(line) : Refuse(http, StatusCodes.Status404NotFound, $"There is no line '{name}'; there is {string.Join(", ", lines.Keys)}.");

    private static async Task DriftAsync(HttpContext http, Line line)
    {
        try
        {
            var request = await JsonSerializer.DeserializeAsync(http.Request.Body, ContractsJson.Default.LineDriftRequest, http.RequestAborted)
                ?? throw new SimulatorException("The body is null; it must be an object such as {\"lamp\": 0.45, \"rampSeconds\": 20}.");
            await Answer(http, line.Drift(request), ContractsJson.Default.LineView);
        }
        catch (Exception e) when (e is JsonException or SimulatorException)
        {
            await Refuse(http, StatusCodes.Status400BadRequest, e.Message);
        }
    }

    private static async Task VideoAsync(HttpContext http, Line line)
    {
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        http.Response.ContentType = "video/mp2t";
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.StartAsync(http.RequestAborted);
        try
        {
            await line.Broadcast.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
        catch (IOException)
        {
            // Too slow: cut off, so that the client notices instead of waiting for an end that looks regular.
            http.Abort();
        }
        catch (OperationCanceledException)
        {
            // The client left.
        }
    }

    private static Task Refuse(HttpContext http, int status, string sentence)
    {
        http.Response.StatusCode = status;
        return Answer(http, new LineError(sentence), ContractsJson.Default.LineError);
    }

    private static Task Answer<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, value, type, http.RequestAborted);
    }
}
