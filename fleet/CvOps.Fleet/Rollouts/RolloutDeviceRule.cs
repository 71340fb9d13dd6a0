using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Rollouts;

/// <summary>Where a device of a rollout is, from what it reports. Pure.</summary>
internal static class RolloutDeviceRule
{
    /// <param name="reported">An answer to the rollout's own order, or to a newer one.</param>
    /// <param name="model">Digest of the rollout's model.</param>
    public static RolloutDevice Next(RolloutDevice device, TwinReported reported, string model, bool firstInstallation)
    {
        var said = reported.Model;
        return device.State switch
        {
            RolloutDeviceState.Assigned or RolloutDeviceState.Updating or RolloutDeviceState.Running or RolloutDeviceState.Failed => Forward(device, said, model, firstInstallation),
            RolloutDeviceState.RollingBack => Back(device, said),
            _ => device,
        };
    }

    private static RolloutDevice Forward(RolloutDevice device, ReportedModel said, string model, bool firstInstallation)
    {
        if (said.Target == model && said.State is UpdateState.Failed or UpdateState.RolledBack)
            return device with { State = RolloutDeviceState.Failed, Reason = said.Reason ?? $"the device says {said.State} and no reason" };
        // Idle: the device restarted since and goes on with what it had committed.
        if (said.Active?.Digest == model && said.State is UpdateState.Soaking or UpdateState.Committed or UpdateState.Idle)
        {
            return said.Previous is null && !firstInstallation
                ? device with { State = RolloutDeviceState.Updating, Reason = "it runs the model but keeps no previous one to compare with" }
                : device with { State = RolloutDeviceState.Running, Reason = null };
        }
        // A device that ran it and now speaks of another model was given that by somebody else; the gate will see its parts stop.
        return device.State is RolloutDeviceState.Assigned && said.Target == model
            ? device with { State = RolloutDeviceState.Updating, Reason = null }
            : device;
    }

    private static RolloutDevice Back(RolloutDevice device, ReportedModel said) =>
        device.Previous is { } previous && said.Active?.Digest == previous.Digest
            && said.State is UpdateState.Soaking or UpdateState.Committed or UpdateState.Idle or UpdateState.RolledBack or UpdateState.Failed
            ? device with { State = RolloutDeviceState.RolledBack, Reason = null }
            : device;
}
