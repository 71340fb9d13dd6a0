using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Models;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Api;

internal static class ConfigurationEndpoints
{
    private const int MostBytes = 4 * Limits.ConfigurationCharacters;

    public static void MapConfigurations(this IEndpointRouteBuilder api)
    {
        api.MapGet("/configurations", (ConfigurationStore configurations, CancellationToken cancel) => configurations.ListAsync(cancel));

        api.MapGet("/configurations/{digest}", async (string digest, ConfigurationStore configurations, CancellationToken cancel) =>
            await configurations.FindAsync(digest, cancel) is { } found ? Results.Ok(found) : Problems.NotFound("configuration", digest));

        api.MapPost("/configurations", async (string? name, HttpContext http, ConfigurationStore configurations, CancellationToken cancel) =>
        {
            if (name is null || !Identifier.IsValid(name)) return Problems.Unprocessable("Give it a name (?name=): letters, digits, '-', '_' and '.', at most 64.");
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MostBytes;
            try
            {
                using var body = new StreamReader(http.Request.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false);
                var added = await configurations.AddAsync(name, await body.ReadToEndAsync(cancel), http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault() ?? "api", cancel);
                return Results.Created($"{ApiRoutes.Root}/configurations/{added.Digest}", added);
            }
            catch (Exception e) when (e is ArgumentException or DecoderFallbackException)
            {
                return Problems.Unprocessable(e is ArgumentException and not DecoderFallbackException ? e.Message : "The settings are not UTF-8 text.");
            }
        });
    }
}
