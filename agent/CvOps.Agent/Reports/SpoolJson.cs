using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Agent.Spool;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Reports;

internal static class SpoolJson
{
    /// <summary>Stands where the spool will stamp the real one.</summary>
    public static Origin NoOrigin { get; } = new(default, 0, 0);

    /// <summary>Queues a record for the disk from a thread that is not asynchronous; waits only while the spool's queue is full.</summary>
    public static void Append<T>(this SpoolLog spool, string topic, Func<Origin, T> make, JsonTypeInfo<T> type)
    {
        var queued = spool.EnqueueAsync(topic, origin => JsonSerializer.SerializeToUtf8Bytes(make(origin), type), CancellationToken.None);
        if (!queued.IsCompletedSuccessfully) queued.AsTask().GetAwaiter().GetResult();
    }
}
