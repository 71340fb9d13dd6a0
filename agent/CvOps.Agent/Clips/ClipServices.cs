using CvOps.Agent.Configuration;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Clips;

internal static class ClipServices
{
    /// <summary>Nothing without a section <c>clips</c>; with one, cameras write their encoded video into a ring as well.</summary>
    public static IServiceCollection AddClips(this IServiceCollection services, AgentOptions options)
    {
        if (options.Clips is not { } clips) return services;
        return services
            .AddSingleton(clips)
            .AddSingleton(_ =>
            {
                var ring = new EncodedRing(Path.Combine(options.Data, "ring"), clips);
                ring.Clear();
                return ring;
            })
            .AddSingleton(_ => new ClipStore(Path.Combine(options.Data, "clips"), clips))
            .AddSingleton<ClipLoop>()
            .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<ClipLoop>())
            .AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<ClipLoop>())
            .AddHostedService(provider => provider.GetRequiredService<ClipLoop>());
    }
}
