using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Drift;

internal static class DriftServices
{
    public static IServiceCollection AddDrift(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton(provider =>
        {
            var (spool, topics) = (provider.GetRequiredService<SpoolLog>(), provider.GetRequiredService<Topics>());
            return new DriftWindows(options.Drift,
                make =>
                {
                    var window = make(OriginStamp.None);
                    spool.Append(topics.Drift(window.Camera), window, ContractsJson.Default.DriftWindow);
                }, provider.GetRequiredService<TimeProvider>());
        })
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<DriftWindows>())
        .AddHostedService<DriftLoop>();
}
