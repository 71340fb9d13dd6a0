using System.Runtime.InteropServices;

namespace CvOps.Agent.Actuation;

/// <summary>Scheduling of the calling thread; .NET's own thread priorities do nothing on Linux.</summary>
internal static partial class RealtimeThread
{
    private const int Fifo = 1;

    // Above every ordinary thread, below the kernel's interrupt threads (50), which bring the edges.
    private const int Priority = 20;

    /// <summary>
    /// Lets the thread run before all ordinary ones (sched(7), SCHED_FIFO): where decoders and inference keep every core busy, an ejector would else
    /// wait for its turn for ten milliseconds.
    /// </summary>
    /// <returns>False when this process may not; the unit's LimitRTPRIO= allows it.</returns>
    public static bool TryRaise()
    {
        var priority = Priority;
        return OperatingSystem.IsLinux() && SetScheduler(0, Fifo, ref priority) == 0;
    }

    /// <param name="thread">0 for the calling one.</param>
    /// <param name="priority"><c>struct sched_param</c> has this one field.</param>
    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    private static partial int SetScheduler(int thread, int policy, ref int priority);
}
