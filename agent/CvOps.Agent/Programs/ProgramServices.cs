using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Update.Fetch;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Programs;

internal static class ProgramServices
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(15);

    /// <param name="configuration">Path of the agent's configuration file.</param>
    public static IServiceCollection AddPrograms(this IServiceCollection services, AgentOptions options, ProgramLaunch launch, ProgramRestart restart, string configuration) => services
        .AddSingleton(launch).AddSingleton(restart)
        .AddSingleton(_ => new ProgramFolder(options.Data))
        .AddSingleton(provider => ProgramJournal.Open(provider.GetRequiredService<ProgramFolder>().JournalPath))
        .AddSingleton<ProgramWish>().AddSingleton<QuietPoint>()
        .AddSingleton(provider => new ProgramGate(options.Model.TrustedKeys, options.Data, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton(provider => new ProgramDownload(FetchServices.Client(ConnectTime, options.Link.Ca), provider.GetRequiredService<ProgramFolder>(), options.Update,
            provider.GetRequiredService<PackageDownload>().Limit, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ProgramDownload>>()))
        .AddSingleton(provider => provider.WithCameras<ProgramTrial>())
        .AddSingleton(provider => new ProgramSteps(provider.GetRequiredService<ProgramFolder>(), provider.GetRequiredService<ProgramGate>(), provider.GetRequiredService<ProgramDownload>(),
            provider.GetRequiredService<QuietPoint>(), provider.GetRequiredService<ProgramTrial>().Before, launch, configuration, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<Func<bool>>(provider => () => provider.GetServices<IHostedService>().OfType<BackgroundService>().Any(loop => loop.ExecuteTask is { IsFaulted: true }))
        .AddSingleton<ProgramLoop>()
        .AddHostedService(provider => provider.GetRequiredService<ProgramLoop>());
}
