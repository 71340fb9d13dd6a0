using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Health;

internal static class HealthServices
{
    /// <summary>Registered last: the page answers when there is something to say, and the watchdog looks at cameras that run.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton(options.Health)
        .AddSingleton(provider => provider.WithCameras<DeviceVitals>())
        .AddHostedService<StatusPage>()
        .AddHostedService(provider => provider.WithCameras<FrameProgressWatchdog>());
}
