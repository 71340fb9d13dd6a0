using CvOps.Agent.Configuration;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Zones;

internal static class ZoneServices
{
    /// <summary>Registered after tracking, which names the objects.</summary>
    public static IServiceCollection AddZones(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton(provider =>
        {
            var (spool, topics) = (provider.GetRequiredService<SpoolLog>(), provider.GetRequiredService<Topics>());
            return new ZoneSink(options.Zones, report => spool.Append(topics.Zone(report.Camera), report, ContractsJson.Default.ZoneReport), provider.GetRequiredService<TimeProvider>());
        })
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<ZoneSink>())
        .AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<ZoneSink>())
        .AddHostedService<ZoneLoop>();
}
