using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Tracking;

internal static class TrackingServices
{
    /// <summary>Registered before the reports, which carry the tracks. Zones need tracks: their cameras are followed, configured or not.</summary>
    public static IServiceCollection AddTracking(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton(new TrackingSink(Followed(options))).AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<TrackingSink>());

    internal static TrackingOptions[] Followed(AgentOptions options) =>
    [
        .. options.Tracking,
        .. options.Zones.Where(zones => options.Tracking.All(it => it.Camera != zones.Camera)).Select(zones => new TrackingOptions { Camera = zones.Camera }),
    ];
}
