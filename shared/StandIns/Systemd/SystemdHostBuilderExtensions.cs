using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Console;

namespace Microsoft.Extensions.Hosting;

/// <summary>Both do nothing outside systemd: then there is no <see cref="ISystemdNotifier"/> among the services either.</summary>
public static class SystemdHostBuilderExtensions
{
    /// <summary>Makes the host a systemd service: the lifetime, the notifier, console lines with syslog's priority prefix.</summary>
    public static IHostBuilder UseSystemd(this IHostBuilder hostBuilder)
    {
        ArgumentNullException.ThrowIfNull(hostBuilder);
        return SystemdHelpers.IsSystemdService() ? hostBuilder.ConfigureServices((_, services) => Add(services)) : hostBuilder;
    }

    /// <inheritdoc cref="UseSystemd"/>
    public static IServiceCollection AddSystemd(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (SystemdHelpers.IsSystemdService()) Add(services);
        return services;
    }

    internal static void Add(IServiceCollection services)
    {
        services.Configure<ConsoleLoggerOptions>(options => options.FormatterName = ConsoleFormatterNames.Systemd);
        services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.AddSingleton<IHostLifetime, SystemdLifetime>();
    }
}
