using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Preview;

internal static class PreviewServices
{
    public static IServiceCollection AddPreview(this IServiceCollection services) => services
        .AddSingleton<PreviewDesk>()
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<PreviewDesk>())
        .AddSingleton<IHostedService>(provider =>
        {
            var (spool, topics) = (provider.GetRequiredService<SpoolLog>(), provider.GetRequiredService<Topics>());
            return new PreviewLoop(provider.GetRequiredService<PreviewDesk>(),
                make =>
                {
                    var frame = make(OriginStamp.None);
                    spool.Append(topics.Frame(frame.Camera, frame.FrameId), frame, ContractsJson.Default.SampledFrame);
                },
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PreviewLoop>>());
        });
}
