using System.Text.Json.Serialization;
using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>
/// Where a message comes from, exactly once: a device numbers its boots and, within a boot, the messages of each stream.
/// The fleet applies each (device, boot, stream, sequence) at most once, however often the broker delivers it.
/// </summary>
/// <param name="Boot">Counts the agent's starts; kept on its disk. From 1.</param>
/// <param name="Sequence">Counts the messages of this boot and stream. From 1, no gaps unless the spool gave something up.</param>
/// <param name="Stream">
/// Messages of one stream arrive in order; those of different streams overtake each other by hours. 1 control, 2 results, 3 evidence, 4 frames, at most
/// <see cref="Limits.Streams"/>; 0, which is left out, from agents that had one stream for all.
/// </param>
public sealed record Origin(
    DeviceId Device, [Wire(Minimum = 1)] long Boot, [Wire(Minimum = 1)] long Sequence,
    [Wire(Minimum = 0, Maximum = Limits.Streams)] [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Stream = 0);

/// <summary>A message that is applied once. The spool stamps <see cref="Origin"/> when it appends.</summary>
public interface ITelemetry
{
    Origin Origin { get; }
}
