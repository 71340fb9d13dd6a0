using System.Globalization;
using CvOps.Agent.Update;

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
        var last = 0L;
        if (File.Exists(path) && !long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out last))
            throw new IOException($"{path} holds no boot number. Write one larger than any this device ever used, or the fleet ignores what it sends.");
        var next = last + 1;
        DurableFile.Write(path, System.Text.Encoding.ASCII.GetBytes(next.ToString(CultureInfo.InvariantCulture)));
        return next;
    }
}
