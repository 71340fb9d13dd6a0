using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Agent.Reports;
using CvOps.Observability.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Health;

internal static class HealthServices
{
    /// <summary>Registered last: the page answers when there is something to say, and the watchdog looks at cameras that run.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton(options.Health)
        .AddSingleton(provider => provider.WithCameras<DeviceVitals>())
        .AddSingleton<MetricsPage>()
        // What takes the page needs the cameras, and what records needs the meter: it asks when somebody collects.
        .AddSingleton(provider => new MetricMeter(AgentMetrics.Meter, AgentVersion.Text, AgentMetrics.All, () => provider.GetRequiredService<MetricsPage>().Take() ?? new MetricPage(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<FrameMetrics>()
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<FrameMetrics>())
        .AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<FrameMetrics>())
        .AddSingleton<IMetricsSource>(provider => provider.WithCameras<DeviceNumbers>())
        .AddHostedService<StatusPage>()
        .AddHostedService(provider => provider.WithCameras<FrameProgressWatchdog>());
}
