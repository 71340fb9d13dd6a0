using System.Globalization;
using CvOps.Contracts;

namespace CvOps.Agent.Spool;

/// <summary>Numbers the agent's starts. The number is on disk before it is used: two boots never share one, whatever crashes.</summary>
internal static class BootCounter
{
    private const string FileName = "boot";

    /// <returns>This boot's number, from 1.</returns>
    /// <exception cref="IOException">The number can't be kept; without it nothing may be sent, since the fleet would take it for a repetition.</exception>
    public static long Next(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var next = Last(path) + 1;
        Write(path, next);
        return next;
    }

    /// <summary>The next boot gets this number or a higher one: a device whose disk is new goes on behind what the fleet knows of the former one.</summary>
    /// <returns>The file, if it had to be written; null where the count is that far already.</returns>
    /// <exception cref="IOException">The number can't be kept, or the file holds none.</exception>
    public static string? Raise(string folder, long lowest)
    {
        var path = Path.Combine(folder, FileName);
        if (Last(path) >= lowest - 1) return null;
        Directory.CreateDirectory(folder);
        Write(path, lowest - 1);
        return path;
    }

    private static long Last(string path)
    {
        var last = 0L;
        if (File.Exists(path) && !long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out last))
            throw new IOException($"{path} holds no boot number. Write one larger than any this device ever used, or the fleet ignores what it sends.");
        return last;
    }

    private static void Write(string path, long boot) => DurableFile.Write(path, System.Text.Encoding.ASCII.GetBytes(boot.ToString(CultureInfo.InvariantCulture)));
}
