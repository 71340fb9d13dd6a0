using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>MLflow's artefact proxy: files of runs up and down by their address.</summary>
internal static class ArtefactCalls
{
    public static void MapArtefacts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/artifacts", (string? path, Artefacts artefacts, CancellationToken cancel) => MlflowRoutes.GuardAsync(async () =>
            MlflowRoutes.Json(new FilesAnswer(null, [.. (await artefacts.ListAsync(ArtefactPath.Read(path), cancel)).Select(file => new MlflowFile(file.Path, file.Bytes is null, file.Bytes))]))));

        api.MapGet("/artifacts/{**path}", (string path, Artefacts artefacts, CancellationToken cancel) => MlflowRoutes.GuardAsync(async () =>
            Results.File(await artefacts.FileAsync(ArtefactPath.Read(path), cancel), "application/octet-stream", Path.GetFileName(path), enableRangeProcessing: true)));

        api.MapPut("/artifacts/{**path}", (string path, HttpContext http, Artefacts artefacts, CancellationToken cancel) => MlflowRoutes.GuardAsync(async () =>
        {
            // The store counts the bytes itself while it takes them in.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            await artefacts.PutAsync(ArtefactPath.Read(path), http.Request.Body, cancel);
            return MlflowRoutes.Json(new Nothing());
        }));

        api.MapDelete("/artifacts/{**path}", (string path, Artefacts artefacts, CancellationToken cancel) => MlflowRoutes.GuardAsync(async () =>
        {
            await artefacts.DeleteAsync(ArtefactPath.Read(path), cancel);
            return MlflowRoutes.Json(new Nothing());
        }));

        // With these words a client falls back to one upload.
        api.MapPost("/mpu/{**path}", () => MlflowRoutes.Refused(new TrackingException(TrackingError.NotImplemented, "Multipart upload is not supported for the current artifact repository: an artefact goes up in one piece.")));
    }
}
