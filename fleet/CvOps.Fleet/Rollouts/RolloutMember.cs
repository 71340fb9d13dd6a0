using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Rollouts;

/// <summary>A device of a rollout, as its row says.</summary>
/// <param name="Place">Its place in the order in which the plan deals devices out.</param>
/// <param name="Previous">The model it had when it was told, or planned until then, and returns to; null for a first installation, and where a configuration is rolled out.</param>
/// <param name="PreviousSettings">Digest of the configuration it had; null: its own file alone, and where a model is rolled out.</param>
/// <param name="Ordered">Version of the last desired twin this rollout made; 0 while none is. What a device reports of an older one is about something else.</param>
/// <param name="Compares">It is to ask the previous model about the same frames.</param>
/// <param name="Group">By which its counts are added up (<see cref="Evidence.EvidenceGroups"/>).</param>
/// <param name="SlowOver">See <see cref="Evidence.CountLimits"/>.</param>
/// <param name="Since">When it took the payload over, on its own clock; the Unix epoch before.</param>
[GenerateSerializer, Immutable]
internal sealed record RolloutMember(
    [property: Id(0)] string Rollout, [property: Id(1)] DeviceId Device, [property: Id(2)] SiteId Site, [property: Id(3)] int Ring, [property: Id(4)] int Place,
    [property: Id(5)] RolloutDeviceState State, [property: Id(6)] ModelRef? Previous, [property: Id(7)] string? PreviousSettings, [property: Id(8)] long Ordered,
    [property: Id(9)] bool Compares, [property: Id(10)] DateTimeOffset Since, [property: Id(11)] string? Reason,
    [property: Id(12)] string Group = "", [property: Id(13)] long? SlowOver = null)
{
    /// <summary>It said that it runs the payload, and its inspections say otherwise.</summary>
    public bool IsDoubted => State == RolloutDeviceState.Updating && Since > DateTimeOffset.UnixEpoch;
}
