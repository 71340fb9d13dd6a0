using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Sampling;

internal static class SamplingServices
{
    public static IServiceCollection AddSampling(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton<Setting<SamplingOptions>>(options.Sampling)
        .AddSingleton(provider => new SamplingBudget(options.Sampling, options.Data, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new FrameSampler(
            options.Sampling, provider.GetRequiredService<SamplingBudget>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<Random>()))
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<FrameSampler>())
        .AddSingleton<IHostedService>(provider =>
        {
            var (spool, topics) = (provider.GetRequiredService<SpoolLog>(), provider.GetRequiredService<Topics>());
            return new SamplingLoop(provider.GetRequiredService<Setting<SamplingOptions>>(), provider.GetRequiredService<FrameSampler>(), provider.GetRequiredService<SamplingBudget>(),
                make =>
                {
                    var frame = make(OriginStamp.None);
                    spool.Append(topics.Frame(frame.Camera, frame.FrameId), frame, ContractsJson.Default.SampledFrame);
                },
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SamplingLoop>>());
        });
}
