using System.Globalization;

namespace CvOps.Testing;

/// <summary>What this process holds.</summary>
/// <param name="Threads">Besides those of the thread pool, which come and go by its own judgement.</param>
/// <param name="Megabytes">Resident memory.</param>
/// <param name="ManagedMegabytes">Of it, live objects.</param>
public readonly record struct ProcessFootprint(int Threads, int Files, double Megabytes, double ManagedMegabytes)
{
    private const int Looks = 60;

    /// <summary>Collects garbage, then looks for a second or so; the least of each counts, since children start and end all the time.</summary>
    public static ProcessFootprint Now()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var least = new ProcessFootprint(int.MaxValue, int.MaxValue, double.MaxValue, GC.GetTotalMemory(forceFullCollection: false) / 1e6);
        for (var look = 0; look < Looks; look++)
        {
            Thread.Sleep(20);
            least = new(
                Math.Min(least.Threads, Directory.GetDirectories("/proc/self/task").Length - ThreadPool.ThreadCount),
                Math.Min(least.Files, Directory.GetFileSystemEntries("/proc/self/fd").Length),
                Math.Min(least.Megabytes, Environment.WorkingSet / 1e6),
                least.ManagedMegabytes);
        }
        return least;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Threads} threads, {Files} files, {Megabytes:0.0} MB resident, {ManagedMegabytes:0.00} MB of objects");
}
