namespace Microsoft.Extensions.Hosting.Systemd;

/// <summary>Whether the service manager runs this process.</summary>
public static class SystemdHelpers
{
    private static readonly Lazy<bool> Answer = new(() =>
        IsSystemdService(Environment.ProcessId, Environment.GetEnvironmentVariable, ParentName));

    /// <summary>True under systemd: its direct child, or process 1 of a container whose manager passes NOTIFY_SOCKET or LISTEN_PID.</summary>
    public static bool IsSystemdService() => Answer.Value;

    internal static bool IsSystemdService(int processId, Func<string, string?> environment, Func<string?> parentName) =>
        OperatingSystem.IsLinux()
        && (processId == 1
            ? !string.IsNullOrEmpty(environment("NOTIFY_SOCKET")) || !string.IsNullOrEmpty(environment("LISTEN_PID"))
            : parentName() == "systemd");

    /// <summary>Command name of the parent process; null when it can't be read.</summary>
    internal static string? ParentName()
    {
        try
        {
            // proc(5): "pid (comm) state ppid ..."; comm may hold spaces and parentheses, so count from its last ')'.
            var stat = File.ReadAllText("/proc/self/stat");
            var parent = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1];
            return File.ReadAllText($"/proc/{parent}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
