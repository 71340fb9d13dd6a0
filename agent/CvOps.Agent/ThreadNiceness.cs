using System.Runtime.InteropServices;

namespace CvOps.Agent;

/// <summary>How much the calling thread yields to others. On Linux .NET ignores Thread.Priority.</summary>
internal static partial class ThreadNiceness
{
    /// <param name="niceness">-20 (yields to nobody) to 19; below what it is only with the right to (LimitNICE of the unit, or root).</param>
    /// <returns>False when it was refused, which costs only the preference.</returns>
    public static bool TrySet(int niceness) => SetPriority(0, 0, niceness) == 0;

    /// <summary>setpriority(2); 0 and 0 mean the calling thread.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
