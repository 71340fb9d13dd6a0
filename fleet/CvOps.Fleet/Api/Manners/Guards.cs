using CvOps.Contracts.Api;
using CvOps.Fleet.Api.Catalog;
using Microsoft.Net.Http.Headers;

namespace CvOps.Fleet.Api.Manners;

/// <summary>
/// Writes on the condition that a thing is still as its writer saw it (RFC 9110, 13.1): If-Match with the tag that a GET gave, If-None-Match: * for a thing that shall be
/// new. Within one fleet the look and the write are one; of several fleets on one database two could still write at the same instant.
/// </summary>
internal sealed class Guards(EndpointDataSource endpoints)
{
    private readonly SemaphoreSlim[] _doors = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];
    private readonly Lazy<Dictionary<string, RouteEndpoint>> _reads = new(() => endpoints.Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.Metadata.GetMetadata<ApiOperation>() is { Method: "GET" }).ToDictionary(endpoint => endpoint.Metadata.GetMetadata<ApiOperation>()!.Path));

    /// <summary>One writer of an address at a time; dispose to let the next in.</summary>
    public async Task<IDisposable> AloneAsync(string path, CancellationToken cancel)
    {
        var door = _doors[(uint)path.GetHashCode(StringComparison.Ordinal) % (uint)_doors.Length];
        await door.WaitAsync(cancel);
        return new Leave(door);
    }

    /// <returns>Null when the condition holds, or there is none.</returns>
    public async Task<IResult?> RefusalAsync(HttpContext http, string guarded)
    {
        var (match, noneMatch) = (http.Request.GetTypedHeaders().IfMatch, http.Request.GetTypedHeaders().IfNoneMatch);
        if (match.Count == 0 && noneMatch.Count == 0) return null;
        var now = await TagAsync(http, guarded);
        if (noneMatch.Count > 0 && now is not null && noneMatch.Any(tag => tag == EntityTagHeaderValue.Any || tag.Compare(now, useStrongComparison: false)))
            return Refused("There is one already: If-None-Match asked for none.");
        if (match.Count > 0 && (now is null || !match.Any(tag => tag == EntityTagHeaderValue.Any || tag.Compare(now, useStrongComparison: true))))
            return Refused(now is null ? "It is gone: If-Match asked for one." : "Somebody has changed it since: GET it again, look what is different, and send the change with the new ETag.");
        return null;
    }

    private static IResult Refused(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status412PreconditionFailed, title: "Changed in the meantime");

    /// <summary>Asks the address's own GET, as the writer would.</summary>
    /// <returns>Null when there is no such thing.</returns>
    private async Task<EntityTagHeaderValue?> TagAsync(HttpContext http, string path)
    {
        var endpoint = _reads.Value[path];
        var probe = new DefaultHttpContext { RequestServices = http.RequestServices, User = http.User, RequestAborted = http.RequestAborted };
        (probe.Request.Method, probe.Request.Scheme, probe.Request.Host) = ("GET", http.Request.Scheme, http.Request.Host);
        // Only the names of its route count; its place says where a problem was.
        probe.Request.Path = $"{ApiRoutes.Root}{path}";
        foreach (var (name, value) in http.Request.RouteValues) probe.Request.RouteValues[name] = value;
        probe.Response.Body = Stream.Null;
        probe.SetEndpoint(endpoint);
        await endpoint.RequestDelegate!(probe);
        return probe.Response.StatusCode == StatusCodes.Status200OK ? probe.Response.GetTypedHeaders().ETag : null;
    }

    private sealed class Leave(SemaphoreSlim door) : IDisposable
    {
        public void Dispose() => door.Release();
    }
}
