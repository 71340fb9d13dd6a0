using System.Globalization;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>A mosquitto that says nothing: each line of its log would be a string in the process that is measured. Its window is the one of CvOps' own broker configuration.</summary>
internal static class BenchBroker
{
    public static Task<TestBroker> StartAsync() => TestBroker.StartWithAsync((port, folder) => string.Create(CultureInfo.InvariantCulture,
        $"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 200\nmax_queued_messages 0\npersistence false\npersistence_location {folder}/\nlog_dest none\n"));
}
