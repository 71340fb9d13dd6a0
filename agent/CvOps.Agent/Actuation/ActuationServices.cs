using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Actuation;

internal static class ActuationServices
{
    /// <summary>Registered before every other sink: the ejector waits for none of them.</summary>
    public static IServiceCollection AddActuation(this IServiceCollection services, AgentOptions options)
    {
        if (options.Actuation.Count == 0) return services;
        return services
            .AddSingleton(provider =>
            {
                // Cameras know the inference that this belongs to: they are asked for when there is something to ask.
                var cameras = new Lazy<CameraSet>(provider.GetRequiredService<CameraSet>);
                var slots = provider.GetRequiredService<ModelSlots>();
                return new ActuationLoop(options.Actuation, GpioChips.Open, id => cameras.Value.FirstOrDefault(camera => camera.Lane.Camera == id)?.State, () => slots.Active is not null,
                    provider.GetRequiredService<IHostApplicationLifetime>(), realtime: true, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ActuationLoop>>());
            })
            .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<ActuationLoop>())
            .AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<ActuationLoop>())
            .AddHostedService(provider => provider.GetRequiredService<ActuationLoop>());
    }
}
