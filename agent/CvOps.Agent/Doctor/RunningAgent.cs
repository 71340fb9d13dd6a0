using System.Globalization;

namespace CvOps.Agent.Doctor;

/// <summary>Whether an agent with a configuration runs on this machine.</summary>
internal static class RunningAgent
{
    private const string Program = "cvops-agent";

    /// <summary>Words with which the program does something else than to run.</summary>
    private static readonly string[] Verbs = ["check", "status", "enroll", "import", "run", "replay", "drift-compare", DoctorCommand.Verb, "--version", "--help", "-h"];

    /// <returns>Its process; null when there is none.</returns>
    public static int? Find(string configuration)
    {
        var wanted = Path.GetFullPath(configuration);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == Environment.ProcessId) continue;
            try
            {
                if (Reads(File.ReadAllText(Path.Combine(folder, "cmdline")).TrimEnd('\0').Split('\0')) is { } path && IsThat(path, wanted, folder)) return id;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked.
            }
        }
        return null;
    }

    /// <returns>The configuration that a command line of the agent names; null when it is none, or does something else.</returns>
    internal static string? Reads(IReadOnlyList<string> words)
    {
        var program = words.ToList().FindIndex(word => Path.GetFileNameWithoutExtension(word) == Program);
        // Started by itself, or by 'dotnet'.
        if (program is < 0 or > 2 || words.Skip(program + 1).Any(word => Verbs.Contains(word, StringComparer.Ordinal))) return null;
        var named = words.ToList().IndexOf("--config");
        return named > program && named + 1 < words.Count ? words[named + 1] : Configuration.CommandLine.DefaultPath;
    }

    private static bool IsThat(string path, string wanted, string process)
    {
        if (Path.IsPathRooted(path)) return Path.GetFullPath(path) == wanted;
        // Its folder is its user's affair; a name that is the same has to do then.
        return File.ResolveLinkTarget(Path.Combine(process, "cwd"), true) is { } folder ? Path.GetFullPath(path, folder.FullName) == wanted : Path.GetFileName(path) == Path.GetFileName(wanted);
    }
}
