using System.IO.Compression;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Api;

internal static class ModelEndpoints
{
    /// <summary>Says who brings a package, for the audit log; a body is the file alone.</summary>
    public const string ByHeader = ApiRoutes.ByHeader;

    public static void MapModels(this IEndpointRouteBuilder api)
    {
        api.MapGet("/models", (ModelRegistry models, CancellationToken cancel) => models.ListAsync(cancel));

        api.MapGet("/models/{digest}", async (string digest, ModelRegistry models, CancellationToken cancel) =>
            await models.FindAsync(digest, cancel) is { } model ? Results.Ok(model) : Problems.NotFound("model", digest));

        api.MapGet("/models/{digest}/accuracy", async (string digest, DateTimeOffset? since, ModelRegistry models, AccuracyReader accuracy, CancellationToken cancel) =>
            await models.FindAsync(digest, cancel) is { } model ? Results.Ok(await accuracy.ReadAsync(model.Model, since, cancel)) : Problems.NotFound("model", digest));

        api.MapGet("/models/history", (string? name, ModelAliases aliases, CancellationToken cancel) => aliases.HistoryAsync(name, Paging.Most, cancel));

        api.MapPost("/models/{digest}/revoke", async (string digest, RevokeModelRequest request, ModelRegistry models, ModelAliases aliases, CancellationToken cancel) =>
        {
            if (string.IsNullOrWhiteSpace(request.By) || string.IsNullOrWhiteSpace(request.Reason)) return Problems.Unprocessable("Say who (by) and why (reason): both go into the model's history.");
            return await aliases.RevokeAsync(digest, request, cancel) ? Results.Ok(await models.FindAsync(digest, cancel)) : Problems.NotFound("model", digest);
        });

        api.MapGet("/aliases", (string? name, ModelAliases aliases, CancellationToken cancel) => aliases.ListAsync(name, cancel));

        api.MapGet("/aliases/{name}/{alias}", async (string name, string alias, ModelAliases aliases, CancellationToken cancel) =>
            (await aliases.ListAsync(name, cancel)).FirstOrDefault(it => it.Alias == alias) is { } found ? Results.Ok(found) : Problems.NotFound("alias", $"{name}@{alias}"));

        api.MapPut("/aliases/{name}/{alias}", async (string name, string alias, AliasRequest request, Principal who, ModelAliases aliases, FourEyesDesk eyes, IOptions<FleetOptions> options, CancellationToken cancel) =>
        {
            // Who approves is asked where the fleet asks for four eyes; elsewhere it is an operator's work.
            if (!options.Value.FourEyes && !who.MayEverywhere(Permission.Operate)) return Results.Problem($"This needs the right to operate, which {who.Name} does not have. An administrator gives it: cvops account grant.", statusCode: 403, title: "Not allowed");
            if (await eyes.RefusalAsync(name, request.Digest, who, cancel) is { } alone) return Problems.Alone(alone);
            return await aliases.MoveAsync(name, alias, request, cancel) switch
            {
                { Refusal: { } refusal } => Problems.Unprocessable(refusal),
                { Alias: { } moved } => Results.Ok(moved),
                _ => Results.NoContent(),
            };
        });

        api.MapPost("/models", async (HttpContext http, ModelRegistry models, CancellationToken cancel) =>
        {
            // The registry counts the bytes itself while it takes them in.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            var outcome = await models.RegisterAsync(http.Request.Body, http.Request.Headers[ByHeader].FirstOrDefault() ?? "api", cancel);
            return outcome switch
            {
                { Model: { } model } => Results.Created($"{ApiRoutes.Root}/models/{model.Model.Digest}", model),
                { Taken: true, Refusal: { } why } => Problems.Conflict(why),
                _ => Problems.Unprocessable(outcome.Refusal ?? "The package was refused."),
            };
        });

        api.MapGet("/models/{digest}/package", async (string digest, string? token, HttpContext http, ModelRegistry models, ModelLinks links, CancellationToken cancel) =>
        {
            if (!MayFetch(digest, token, http, links)) return NotLetIn();
            return await models.FindAsync(digest, cancel) is { } model
                ? Results.File(models.PackagePath(model), "application/vnd.cvops.model", $"{model.Model.Name}-{model.Model.Version}.cvmodel", enableRangeProcessing: true)
                : Problems.NotFound("model", digest);
        });

        api.MapGet("/models/{digest}/chunks", async (string digest, string? token, HttpContext http, ModelRegistry models, ModelLinks links, ChunkLists chunks, CancellationToken cancel) =>
        {
            if (!MayFetch(digest, token, http, links)) return NotLetIn();
            return await models.FindAsync(digest, cancel) is { } model ? Packed(http, await chunks.FileOfAsync(model, cancel)) : Problems.NotFound("model", digest);
        });
    }

    /// <summary>JSON that lies on disk in gzip: as it is for whoever takes that, unpacked for others.</summary>
    private static IResult Packed(HttpContext http, string path)
    {
        if (!http.Request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value == "gzip" && encoding.Quality is null or > 0))
            return Results.Stream(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), "application/json");
        http.Response.Headers.ContentEncoding = "gzip";
        return Results.File(path, "application/json");
    }

    /// <summary>Devices come with a signed link, people and programs as whom they are.</summary>
    private static bool MayFetch(string digest, string? token, HttpContext http, ModelLinks links) =>
        token is null ? Principal.Of(http)?.May(Permission.Read) == true : links.Opens(digest, token);

    private static IResult NotLetIn() =>
        Results.Problem("The download link is missing its token, is for another model, or is over: the device gets a fresh one with its next desired twin.", statusCode: 403, title: "Not let in");
}
