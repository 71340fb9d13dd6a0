using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace CvOps.Fleet.Api.Catalog;

/// <summary>The API as an OpenAPI 3.1 document, made of the endpoints once.</summary>
internal sealed class ApiDocument
{
    public const string Name = "v1";
    public const string Path = "/openapi/v1.json";

    private readonly Lazy<Task<(byte[] Bytes, EntityTagHeaderValue Tag)>> _document;

    public ApiDocument(IServiceProvider services) => _document = new(() => MakeAsync(services));

    public async Task<string> ReadAsync() => Encoding.UTF8.GetString((await _document.Value).Bytes);

    public static async Task<IResult> AnswerAsync(ApiDocument document, HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-cache";
        var (bytes, tag) = await document._document.Value;
        return Results.Bytes(bytes, "application/json", entityTag: tag);
    }

    private static async Task<(byte[], EntityTagHeaderValue)> MakeAsync(IServiceProvider services)
    {
        var provider = services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name);
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        var bytes = Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, CancellationToken.None) + "\n");
        return (bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..24]}\""));
    }
}
