using System.Text;
using CvOps.Cli.Up;

namespace CvOps.Cli.Demo;

/// <summary>Looks for processes that still work for a stack: its marker stands in their environment.</summary>
internal static class Leftovers
{
    public static IReadOnlyList<string> Of(string folder)
    {
        var mark = $"{ManagedProcess.Marker}={Path.GetFullPath(folder)}";
        var found = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(name => int.TryParse(Path.GetFileName(name), out var id) && id != Environment.ProcessId))
        {
            try
            {
                if (!Read(process, "environ").Split('\0').Contains(mark)) continue;
                found.Add($"{Path.GetFileName(process)}: {Read(process, "cmdline").Replace('\0', ' ')}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked, or is another user's: not ours either way.
            }
        }
        return found;
    }

    private static string Read(string process, string file) => Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(process, file)));
}
