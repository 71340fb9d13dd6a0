using System.Diagnostics;
using System.Globalization;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Spool;

/// <summary>A file system of its own in memory: it can be full, and read-only. Needs the right to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TestFolder _folder = new();

    /// <summary>Skips the test where nothing may be mounted.</summary>
    public SmallDisk(int megabytes)
    {
        try
        {
            if (!Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m"), "cvops-test", _folder.Path))
                Skip.Because("A file system of its own can't be mounted here (root and CAP_SYS_ADMIN are needed).");
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    public string Path => _folder.Path;

    public void ReadOnly(bool on)
    {
        if (!Run("mount", "-o", on ? "remount,ro" : "remount,rw", _folder.Path)) throw new InvalidOperationException("The file system can't be mounted again.");
    }

    public void Dispose()
    {
        _ = Run("umount", "-l", _folder.Path);
        _folder.Dispose();
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
