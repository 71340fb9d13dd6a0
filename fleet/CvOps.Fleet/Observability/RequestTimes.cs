using System.Diagnostics;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tracking.Mlflow;
using Microsoft.AspNetCore.Components.Endpoints;

namespace CvOps.Fleet.Observability;

/// <summary>Times requests by the part of the API they are for. An address that is no endpoint's is one area, whatever strangers type.</summary>
internal sealed class RequestTimes(RequestDelegate next, FleetCounters counters)
{
    private const string Streams = "text/event-stream";

    public async Task InvokeAsync(HttpContext http)
    {
        var (begun, endpoint, failed) = (Stopwatch.GetTimestamp(), http.GetEndpoint(), true);
        try
        {
            await next(http);
            failed = false;
        }
        finally
        {
            if (http.Response.ContentType?.StartsWith(Streams, StringComparison.Ordinal) != true)
                counters.Http.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, Area(endpoint), failed ? "5xx" : $"{http.Response.StatusCode / 100}xx");
        }
    }

    /// <returns>One of as many as there are features.</returns>
    internal static string Area(Endpoint? endpoint)
    {
        if (endpoint is not RouteEndpoint route) return "none";
        if (route.Metadata.GetMetadata<ComponentTypeMetadata>() is not null) return "pages";
        var pattern = "/" + (route.RoutePattern.RawText ?? "").Trim('/');
        if (pattern.StartsWith(MlflowEndpoints.Root, StringComparison.Ordinal) || pattern.StartsWith(MlflowEndpoints.ArtefactRoot, StringComparison.Ordinal)) return "mlflow";
        if (!pattern.StartsWith(ApiRoutes.Root + "/", StringComparison.Ordinal)) return "other";
        var rest = pattern.AsSpan(ApiRoutes.Root.Length + 1);
        var end = rest.IndexOf('/');
        return (end < 0 ? rest : rest[..end]).ToString();
    }
}
