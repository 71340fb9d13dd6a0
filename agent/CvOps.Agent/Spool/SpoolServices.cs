using CvOps.Agent.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Spool;

internal static class SpoolServices
{
    public static IServiceCollection AddSpool(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton(provider => new SpoolLog(
            options.Spool.Folder ?? Path.Combine(options.Data, "spool"), options.Device, SpoolLimits.Of(options.Spool),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SpoolLog>>()));
}
