using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Sessions;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Ingest;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Api;

internal static class DeviceEndpoints
{
    private const double LongestCommandSeconds = 120;

    /// <summary>What devices take.</summary>
    private const double LongestLifeSeconds = 3600;

    public static void MapInspections(this IEndpointRouteBuilder api) => api.MapGet("/inspections",
        (InspectionLog log, CancellationToken cancel, string? device, long after = 0, int limit = Paging.Default) => log.ReadAsync(device, after, Paging.Clamp(limit), cancel));

    public static void MapDevices(this IEndpointRouteBuilder api)
    {
        api.MapGet("/devices", async (SiteViews views, Principal who, string? select, string? after, int? limit, CancellationToken cancel) =>
        {
            var (devices, refusal) = await views.DevicesAsync(who, select, after, limit is null ? null : Paging.Clamp(limit.Value), cancel);
            return devices is null ? Problems.Unprocessable(refusal!) : Results.Ok(devices);
        });

        api.MapGet("/devices/{id}", async (string id, DeviceDirectory devices, ConnectionLog connections, CancellationToken cancel) =>
            await FindAsync(devices, id, cancel) is { } device ? Results.Ok(device with { Connections = await connections.ReadAsync(device.Id, cancel) }) : Problems.NotFound("device", id));

        api.MapGet("/devices/{id}/labels", async (string id, DeviceDirectory devices, CancellationToken cancel) =>
            await FindAsync(devices, id, cancel) is { } device ? Results.Ok(new LabelsChange(device.Labels.ToDictionary(label => label.Key, label => (string?)label.Value))) : Problems.NotFound("device", id));

        api.MapPut("/devices/{id}/labels", async (string id, LabelsChange change, HttpContext http, DeviceDirectory devices, DesiredTwins desired, CancellationToken cancel) =>
        {
            if (await FindAsync(devices, id, cancel) is null) return Problems.NotFound("device", id);
            foreach (var (key, value) in change.Labels)
            {
                if (DeviceLabels.IsReserved(key)) return Problems.Unprocessable($"'{key}' is given by {(key == DeviceLabels.GroupName ? "the fleet's groups" : "the device itself")} and cannot be set as a label.");
                if (!Identifier.IsValid(key) || value is { Length: 0 or > 256 }) return Problems.Unprocessable($"Label '{key}': a name is an identifier, a value has 1 to 256 characters; null removes it.");
            }
            await desired.ChangeLabelsAsync(new DeviceId(id), change, http.Request.Headers[ModelEndpoints.ByHeader].FirstOrDefault() ?? "api", cancel);
            return Results.Ok(await FindAsync(devices, id, cancel));
        });

        api.MapGet("/devices/{id}/commands", async (string id, DeviceDirectory devices, CommandLog commands, CancellationToken cancel) =>
            await FindAsync(devices, id, cancel) is { } device ? Results.Ok(await commands.OfAsync(device.Id, cancel)) : Problems.NotFound("device", id));

        api.MapPost("/devices/{id}/commands", async (string id, CommandRequest request, HttpContext http, DeviceDirectory devices, DeviceCommands commands, CancellationToken cancel) =>
        {
            if (await FindAsync(devices, id, cancel) is not { } device) return Problems.NotFound("device", id);
            if (!Identifier.IsValid(request.Name)) return Problems.Unprocessable($"'{request.Name}' is no command name.");
            if (request.ExpiresSeconds is not (>= 0 and <= LongestLifeSeconds)) return Problems.Unprocessable($"expiresSeconds is at most {LongestLifeSeconds}: devices take no command that lives longer.");
            if (request.TimeoutSeconds is not (> 0 and <= LongestCommandSeconds)) return Problems.Unprocessable($"timeoutSeconds is above 0 and at most {LongestCommandSeconds}.");
            var outcome = await commands.SendAsync(device, request, http.Request.Headers[ModelEndpoints.ByHeader].FirstOrDefault() ?? "api", cancel);
            if (outcome is { Response: null, Valid: true }) return Results.Problem(outcome.Problem, statusCode: 504, title: "No answer yet");
            return outcome.Response is { } response ? Results.Ok(response) : Results.Problem(outcome.Problem, statusCode: outcome.Sent ? 504 : 503, title: "No answer");
        });

        api.MapGet("/devices/{id}/cameras/{camera}/live", async (string id, string camera, HttpContext http, DeviceDirectory devices, Previews previews, DeviceCommands commands, OpenStreams streams, TimeProvider time, CancellationToken cancel) =>
        {
            if (!Identifier.IsValid(camera) || await FindAsync(devices, id, cancel) is not { } device) return Problems.NotFound("device", id);
            using var viewer = previews.Look(device.Id, new CameraId(camera));
            if (viewer is null) return Results.Problem($"{Previews.MostViewers} live views are open; close one first.", statusCode: 503, title: "Too many live views");
            await PreviewStream.RunAsync(http, device, new CameraId(camera), viewer, commands, streams, time, http.Request.Headers[ModelEndpoints.ByHeader].FirstOrDefault() ?? "dashboard");
            return Results.Empty;
        });
    }

    private static async Task<DeviceView?> FindAsync(DeviceDirectory devices, string id, CancellationToken cancel) =>
        Identifier.IsValid(id) ? await devices.FindAsync(new DeviceId(id), cancel) : null;
}
