using CvOps.Agent.Capture;
using CvOps.Agent.Drift;
using CvOps.Agent.Sampling;
using CvOps.Agent.Tracking;
using CvOps.Agent.Update;
using CvOps.Agent.Zones;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Configuration.Remote;

internal static class ConfigurationServices
{
    /// <summary>Registered after the cameras: it changes what runs.</summary>
    /// <param name="start">What the agent came up with.</param>
    /// <param name="path">Of the device's own file.</param>
    public static IServiceCollection AddConfiguration(this IServiceCollection services, EffectiveOptions start, ConfigurationJournal journal, string path) => services
        .AddSingleton(journal)
        .AddSingleton(provider => new LiveSettings(
            start, provider.GetRequiredService<CameraSet>(), provider.GetRequiredService<Setting<SamplingOptions>>(), provider.GetRequiredService<FrameSampler>(),
            provider.GetRequiredService<Setting<DriftOptions>>(), provider.GetRequiredService<Setting<UpdateOptions>>(), provider.GetRequiredService<TrackingSink>(), provider.GetRequiredService<ZoneSink>()))
        .AddSingleton(provider => new ConfigurationLoop(
            journal, path, provider.GetRequiredService<LiveSettings>(), new FrameRates(provider.GetRequiredService<CameraSet>(), provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ConfigurationLoop>>()))
        .AddHostedService(provider => provider.GetRequiredService<ConfigurationLoop>());
}
