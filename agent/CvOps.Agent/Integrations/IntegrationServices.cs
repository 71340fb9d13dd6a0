using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Agent.Integrations.HomeAssistant;
using CvOps.Agent.Integrations.Sparkplug;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Integrations;

internal static class IntegrationServices
{
    public static IServiceCollection AddIntegrations(this IServiceCollection services, AgentOptions options)
    {
        if (options.Integrations.Sparkplug is { } sparkplug) services.AddHostedService(provider =>
        {
            var (vitals, slots) = (provider.GetRequiredService<DeviceVitals>(), provider.GetRequiredService<ModelSlots>());
            return new SparkplugLoop(sparkplug, options.Device, () => vitals.Latest, () => slots.Active?.Ref, provider.GetRequiredService<SpoolLog>().Boot,
                provider.GetRequiredService<Random>().NextDouble, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SparkplugLoop>>());
        });
        if (options.Integrations.HomeAssistant is not null)
        {
            services.AddHostedService(provider => new HomeAssistantLoop(options.Site, options.Device, () => provider.GetRequiredService<CameraSet>().Select(camera => camera.Lane.Camera),
                (MqttFleetLink)provider.GetRequiredService<IFleetLink>(), provider.GetRequiredService<TimeProvider>()));
        }
        return services;
    }
}
