using System.Diagnostics;
using System.Globalization;

namespace CvOps.Cli.Up;

/// <summary>Finds the programs that CvOps is made of and those it needs from the system.</summary>
internal static class Programs
{
    /// <summary>
    /// A program of ours: beside this one, in the build's output next to this project's, or on the PATH.
    /// </summary>
    /// <param name="project">The project that builds it, e.g. <c>CvOps.Fleet</c>.</param>
    /// <param name="name">The file's name, e.g. <c>cvops-fleet</c>.</param>
    /// <exception cref="CliException">It is nowhere.</exception>
    public static string Own(string project, string name)
    {
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var configuration = Path.GetFileName(here);
        var sibling = Path.GetFullPath(Path.Combine(here, "..", "..", project, configuration, name));
        var beside = Path.Combine(here, name);
        return File.Exists(sibling) ? sibling
            : File.Exists(beside) ? beside
            : OnPath(name) ?? throw new CliException($"{name} is not built: run 'dotnet build CvOps.sln' first (looked at {sibling}).", ExitCodes.Configuration);
    }

    /// <summary>A program of the system's.</summary>
    /// <param name="package">The Debian package that has it.</param>
    /// <exception cref="CliException">It is not installed; the message has the command that installs it.</exception>
    public static string System(string name, string package) =>
        OnPath(name) ?? throw new CliException($"{name} is not installed: apt-get install {package}", ExitCodes.Configuration);

    /// <summary>Waits for its end; what it said is kept for the message alone.</summary>
    /// <exception cref="CliException">It ended with another code than 0; the message has its last words.</exception>
    public static async Task Run(string program, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        await process.WaitForExitAsync(ct);
        var words = string.Join('\n', await said).Trim();
        if (process.ExitCode != 0) throw new CliException(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(program)} {arguments[0]} ended with code {process.ExitCode}: {words[^Math.Min(words.Length, 400)..]}"));
    }

    /// <summary>Root's daemons live in sbin, which a user's PATH often leaves out.</summary>
    private static string? OnPath(string name) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
