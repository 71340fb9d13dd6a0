using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Fleet.Api.Catalog;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace CvOps.Fleet.Api.Manners;

/// <summary>Pages, tags and conditions of every endpoint, as <see cref="ApiCatalog"/> says: around the handler, which knows nothing of them.</summary>
internal sealed class ApiManners(Guards guards, IOptions<JsonOptions> json) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>() is not { } operation) return await next(context);
        if (operation.Guards is { } guarded)
        {
            // Also without a condition: a write in the midst of another's look and write would be lost.
            using var alone = await guards.AloneAsync(http.Request.Path, http.RequestAborted);
            return await guards.RefusalAsync(http, guarded) ?? await next(context);
        }
        var page = PageQuery.Read(http.Request.Query, operation);
        if (page.Mistake is { } mistake) return Problems.BadRequest(mistake);
        var result = await next(context);
        if (ValueOf(result) is not { } value) return result;
        if (operation.Key is { } key && value is Array items)
        {
            var (shown, cursor, problem) = page.Take([.. items.Cast<object>()], key, operation);
            if (problem is not null) return Problems.Unprocessable(problem);
            if (cursor is not null) SetNext(http, operation.Cursor, cursor);
            if (shown.Length == items.Length) return result;
            var part = Array.CreateInstance(items.GetType().GetElementType()!, shown.Length);
            shown.CopyTo(part, 0);
            return Results.Ok(part);
        }
        if (operation.Next?.Invoke(value) is { } further) SetNext(http, operation.Cursor, further);
        return operation.Tagged ? Tagged(http, operation, value) ?? result : result;
    }

    /// <returns>304 when the client has it; null when it gets it.</returns>
    private IResult? Tagged(HttpContext http, ApiOperation operation, object value)
    {
        var counted = operation.TagBy is { } part ? part(value) : value;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(counted, counted?.GetType() ?? typeof(object), json.Value.SerializerOptions);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..24]}\"");
        http.Response.Headers.ETag = tag.ToString();
        http.Response.Headers.CacheControl = "no-cache";
        // A tag of a part alone says nothing of the rest.
        return operation.TagBy is null && http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false)) ? Results.StatusCode(StatusCodes.Status304NotModified) : null;
    }

    private static object? ValueOf(object? result) => result switch
    {
        IValueHttpResult { Value: { } value } and IStatusCodeHttpResult { StatusCode: StatusCodes.Status200OK or null } => value,
        IResult or string => null,
        _ => result,
    };

    /// <summary>RFC 8288: where the next page is.</summary>
    private static void SetNext(HttpContext http, string cursor, string value)
    {
        var query = http.Request.Query.Where(pair => pair.Key != cursor).SelectMany(pair => pair.Value.Select(text => (pair.Key, Text: text ?? ""))).Append((cursor, value));
        http.Response.Headers.Link = string.Create(CultureInfo.InvariantCulture, $"<{http.Request.Path.ToUriComponent()}?{string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Item1)}={Uri.EscapeDataString(pair.Item2)}"))}>; rel=\"next\"");
    }
}
