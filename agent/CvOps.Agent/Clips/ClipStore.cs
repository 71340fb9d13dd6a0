using System.Globalization;
using CvOps.Contracts;

namespace CvOps.Agent.Clips;

/// <summary>Clips on disk: a folder a camera, files named by the time they begin at, UTC. Within a budget; the oldest go first.</summary>
internal sealed class ClipStore(string folder, ClipOptions options)
{
    private long _evicted;

    public long Evicted => Interlocked.Read(ref _evicted);

    /// <returns>Where a clip belongs; its folder exists.</returns>
    public string PathFor(CameraId camera, DateTimeOffset from)
    {
        var path = Path.Combine(folder, camera.Value);
        Directory.CreateDirectory(path);
        return Path.Combine(path, from.UtcDateTime.ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture) + ".mkv");
    }

    /// <summary>Removes the oldest clips until the rest fits the budget.</summary>
    /// <returns>How many.</returns>
    public int Evict()
    {
        var clips = Directory.Exists(folder)
            ? new DirectoryInfo(folder).EnumerateFiles("*.mkv", SearchOption.AllDirectories).OrderByDescending(file => file.Name, StringComparer.Ordinal).ToArray()
            : [];
        var (bytes, removed) = (0L, 0);
        foreach (var clip in clips)
        {
            bytes += clip.Length;
            if (bytes <= options.BudgetBytes) continue;
            clip.Delete();
            removed++;
        }
        Interlocked.Add(ref _evicted, removed);
        return removed;
    }
}
