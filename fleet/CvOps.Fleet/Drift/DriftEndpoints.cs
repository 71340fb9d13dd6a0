using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Drift;

internal static class DriftEndpoints
{
    /// <summary>What a slice is compared with unless another slice is named.</summary>
    internal const string Reference = "reference";

    private const double DefaultHours = 24;
    private const double MostHours = 24 * 366;

    public static void AddDrift(this IServiceCollection services)
    {
        services.AddSingleton(new DriftLimits());
        services.AddSingleton<ProfileCache>().AddSingleton<SliceReader>();
        services.AddSingleton<IFleetObserver, DriftObserver>();
        services.AddSingleton<IOverviewSource, DriftOverview>();
    }

    public static void MapDrift(this IEndpointRouteBuilder api)
    {
        api.MapGet("/drift", async (SiteViews views, Principal who, CancellationToken cancel) => Results.Ok(await views.DriftAsync(who, cancel)));

        api.MapGet("/drift/slice", SliceAsync);

        api.MapGet("/drift/{device}/{camera}", async (string device, string camera, IGrainFactory grains) =>
            Identifier.IsValid(device) && Identifier.IsValid(camera) && await grains.GetGrain<IDriftGrain>($"{device}/{camera}").Read() is { } detail
                ? Results.Ok(detail) : Problems.NotFound("camera with drift windows", $"{device}/{camera}"));

        api.MapPost("/drift/{device}/{camera}/accept", async (string device, string camera, DriftAcceptance acceptance, IGrainFactory grains) =>
            Identifier.IsValid(device) && Identifier.IsValid(camera) && await grains.GetGrain<IDriftGrain>($"{device}/{camera}").Accept(acceptance.By, acceptance.Reason) is { } detail
                ? Results.Ok(detail) : Problems.NotFound("camera with drift windows", $"{device}/{camera}"));
    }

    private static async Task<IResult> SliceAsync(SliceReader slices, TwinSelector selector, string? select, string? against, double? hours, CancellationToken cancel)
    {
        var age = hours ?? DefaultHours;
        if (!(age is > 0 and <= MostHours)) return Problems.Unprocessable(string.Create(CultureInfo.InvariantCulture, $"hours is above 0 and at most {MostHours}."));
        // A slice that was not asked for is not the whole fleet.
        var (slice, refusal) = await selector.ReadAsync(select ?? "", cancel);
        if (slice is null) return Problems.Unprocessable(refusal!);
        TwinSelection? other = null;
        if (against is not (null or "" or Reference)) (other, refusal) = await selector.ReadAsync(against, cancel);
        if (refusal is not null) return Problems.Unprocessable(refusal);
        var view = await slices.ReadAsync(slice, other, TimeSpan.FromHours(age));
        return view.Devices == 0 ? Problems.Unprocessable($"No device matches {slice.Selector}.") : Results.Ok(view);
    }

    public static async Task<DriftView[]> ReadAll(IGrainFactory grains)
    {
        var views = new List<DriftView>();
        foreach (var camera in await grains.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).List())
            if (await grains.GetGrain<IDriftGrain>(camera.Key).Read() is { } detail) views.Add(detail.View);
        return [.. views];
    }
}

internal sealed class DriftObserver(IGrainFactory grains) : IFleetObserver
{
    public async ValueTask OnDriftWindow(DriftWindow window, CancellationToken cancel) =>
        await grains.GetGrain<IDriftGrain>($"{window.Origin.Device}/{window.Camera}").Add(window);
}

/// <summary>Drift in the fleet's one look.</summary>
internal sealed class DriftOverview(IGrainFactory grains) : IOverviewSource
{
    public async ValueTask<OverviewPart> ReadAsync(CancellationToken cancel)
    {
        var alarms = new List<DriftView>();
        foreach (var camera in await grains.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).List())
            if (camera.State == DriftState.Alarm && await grains.GetGrain<IDriftGrain>(camera.Key).Read() is { } detail) alarms.Add(detail.View);
        return new OverviewPart(DriftAlarms: alarms.Count,
            NeedsAttention: [.. alarms.Select(v => new Attention("error", $"{v.Device}/{v.Camera} has drifted{(v.Cause is { } cause ? $", probably {cause.Replace('-', ' ')}" : "")}: {DriftWords.Advice(v)}", $"/drift/{v.Device}/{v.Camera}", v.Since))]);
    }
}
