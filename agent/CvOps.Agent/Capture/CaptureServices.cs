using CvOps.Agent.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Capture;

internal static class CaptureServices
{
    /// <summary>A loop a camera, all feeding one queue.</summary>
    public static IServiceCollection AddCapture(this IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<FramePool>().AddSingleton<FrameQueue>();
        services.AddSingleton(FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH")));
        for (var i = 0; i < options.Cameras.Count; i++)
        {
            var (index, camera) = (i, options.Cameras[i]);
            services.AddSingleton(provider =>
            {
                var (queue, time) = (provider.GetRequiredService<FrameQueue>(), provider.GetRequiredService<TimeProvider>());
                var lane = new CameraLane(camera, time);
                queue.Add(lane);
                return new CameraLoop(lane, queue, provider.GetRequiredService<FramePool>(), provider.GetRequiredService<FfmpegPrograms>(), time,
                    provider.GetRequiredService<Random>(), provider.GetRequiredService<ILogger<CameraLoop>>());
            });
            services.AddSingleton<IHostedService>(provider => provider.GetServices<CameraLoop>().ElementAt(index));
        }
        return services;
    }
}
