using System.Text;
using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Drift;

internal static class DriftServices
{
    public static IServiceCollection AddDrift(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton<Setting<DriftOptions>>(options.Drift)
        .AddSingleton(provider =>
        {
            var (spool, topics) = (provider.GetRequiredService<SpoolLog>(), provider.GetRequiredService<Topics>());
            return new DriftWindows(provider.GetRequiredService<Setting<DriftOptions>>(),
                make =>
                {
                    var window = make(OriginStamp.None);
                    spool.Append(topics.Drift(window.Camera), window, ContractsJson.Default.DriftWindow);
                }, provider.GetRequiredService<TimeProvider>(),
                // The stamped origin names the device.
                camera => Encoding.UTF8.GetByteCount(topics.Drift(camera)) + options.Device.Value.Length,
                new DriftMemory(options.Data, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<DriftMemory>>()));
        })
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<DriftWindows>())
        .AddHostedService<DriftLoop>();
}
