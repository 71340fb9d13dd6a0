using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts;

/// <summary>How a rollback ended, in words.</summary>
internal static class RolloutReturns
{
    /// <param name="kept">The first device that keeps what it has, why, and how many do.</param>
    public static string Sentence(RolloutStand stand, (string? Device, string? Reason, long Kept) kept)
    {
        var touched = stand.Devices(RolloutDeviceState.RolledBack);
        var untouched = stand.Devices(RolloutDeviceState.Waiting, RolloutDeviceState.Skipped);
        return $"{touched - kept.Kept} of {touched} devices run their previous model again, {untouched} were never touched" + (kept.Device is null ? "" : $"; {kept.Device}: {kept.Reason}");
    }
}
