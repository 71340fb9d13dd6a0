using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Access.Trail;

internal static class AuditEndpoints
{
    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        api.MapGet("/audit", (Audit audit, CancellationToken cancel, string? by, string? action, string? subject, string? text, DateTimeOffset? since, DateTimeOffset? until, long after = 0, bool newest = false, int limit = Paging.Default) =>
            audit.ReadAsync(new AuditFilter(by, action, subject, text, since, until), after, newest, Paging.Clamp(limit), cancel));

        api.MapGet("/audit/verify", (Audit audit, CancellationToken cancel) => audit.VerifyAsync(cancel));

        api.MapGet("/audit/pack", async (string? rollout, string? model, HttpContext http, AuditPack pack, CancellationToken cancel) =>
        {
            if (rollout is null == model is null) return Problems.BadRequest("Say what it is about: ?rollout=ID or ?model=DIGEST.");
            return await pack.MakeAsync(rollout, model, http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault() ?? "api", cancel) is { } zip
                ? Results.File(zip, "application/zip", $"audit-{rollout ?? model![..Math.Min(12, model!.Length)]}.zip")
                : Problems.NotFound(rollout is null ? "model" : "rollout", rollout ?? model!);
        });

        api.MapGet("/audit/export", async (HttpContext http, Audit audit, CancellationToken cancel) =>
        {
            http.Response.ContentType = "application/jsonl";
            http.Response.Headers.ContentDisposition = "attachment; filename=audit.jsonl";
            await foreach (var entry in audit.AllAsync(cancel))
            {
                await JsonSerializer.SerializeAsync(http.Response.Body, entry, ContractsJson.Default.AuditEntry, cancel);
                await http.Response.Body.WriteAsync("\n"u8.ToArray(), cancel);
            }
        });
    }
}
