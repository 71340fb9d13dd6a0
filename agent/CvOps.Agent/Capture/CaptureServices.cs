using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Capture;

internal static class CaptureServices
{
    /// <summary>A loop a camera, all feeding one queue, and the file they are followed from.</summary>
    public static IServiceCollection AddCapture(this IServiceCollection services, AgentOptions options, string configuration) => services
        .AddSingleton<FramePool>().AddSingleton<FrameQueue>()
        .AddSingleton(FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH")))
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<CameraSet>(provider, options.Cameras))
        .AddHostedService(provider => provider.GetRequiredService<CameraSet>())
        .AddHostedService(provider => new CameraFile(configuration, provider.GetRequiredService<CameraSet>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CameraFile>>(),
            provider.GetRequiredService<ConfigurationLoop>().FileChanged));

    /// <summary>Makes what looks at the cameras that run: its parameter of type <c>IEnumerable&lt;CameraLoop&gt;</c> is those of the moment.</summary>
    public static T WithCameras<T>(this IServiceProvider provider) => ActivatorUtilities.CreateInstance<T>(provider, provider.GetRequiredService<CameraSet>());
}
