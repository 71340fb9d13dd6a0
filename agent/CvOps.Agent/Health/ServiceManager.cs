using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Console;

namespace CvOps.Agent.Health;

/// <summary>
/// Makes the agent a service of systemd's. The library asks for its parent's name, which ProtectProc=invisible hides from it (dotnet/runtime
/// issue 125368): READY is never said then, and systemd ends the agent for it. What systemd itself says of whom it started, SYSTEMD_EXEC_PID
/// (systemd.exec(5), from 248), is not hidden.
/// </summary>
internal static class ServiceManager
{
    /// <summary>systemd has started this process, and starts it again when it ends.</summary>
    public static bool IsUnderSystemd => SystemdHelpers.IsSystemdService() || Started(Environment.GetEnvironmentVariable("SYSTEMD_EXEC_PID"), Environment.ProcessId);

    public static IServiceCollection AddServiceManager(this IServiceCollection services)
    {
        if (!IsUnderSystemd) return services;
        if (SystemdHelpers.IsSystemdService()) return services.AddSystemd();
        return services
            .Configure<ConsoleLoggerOptions>(options => options.FormatterName = ConsoleFormatterNames.Systemd)
            .AddSingleton<ISystemdNotifier, SystemdNotifier>()
            .AddSingleton<IHostLifetime, SystemdLifetime>();
    }

    /// <summary>Whether the variable names this process. A child inherits its parent's.</summary>
    internal static bool Started(string? systemdExecPid, int processId) =>
        int.TryParse(systemdExecPid, NumberStyles.None, CultureInfo.InvariantCulture, out var started) && started == processId;
}
