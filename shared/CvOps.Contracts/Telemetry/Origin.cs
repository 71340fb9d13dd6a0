namespace CvOps.Contracts.Telemetry;

/// <summary>
/// Where a message comes from, exactly once: a device numbers its boots and, within a boot, its messages.
/// The fleet applies each (device, boot, sequence) at most once, however often the broker delivers it.
/// </summary>
/// <param name="Boot">Counts the agent's starts; kept on its disk. From 1.</param>
/// <param name="Sequence">Counts the messages of this boot. From 1, no gaps unless the spool evicted something.</param>
public sealed record Origin(DeviceId Device, long Boot, long Sequence);

/// <summary>A message that is applied once. The spool stamps <see cref="Origin"/> when it appends.</summary>
public interface ITelemetry
{
    Origin Origin { get; }
}
