using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts;

/// <summary>Whether devices that match a plan's target only now may still join. Pure.</summary>
internal static class LateDeviceRule
{
    public static bool MayJoin(RolloutRecord record, DateTimeOffset now) => record.Plan is { Late: LateDevices.Join } plan
        && RolloutMachine.MayJoin(record.State) && !(plan.ExpiresAt <= now)
        // The last ring is being judged: whoever came now would be told nothing that is judged, or keep it open for ever.
        && !(record.Ring == plan.Rings.Count - 1 && record.SoakSince is not null);
}
