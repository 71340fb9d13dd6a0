using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Models;

namespace CvOps.Fleet.Rollouts;

/// <param name="Version">Of the desired twin to wait for; null when none was made.</param>
/// <param name="Settled">Why the device has nothing to return to or is somebody else's by now; null when it is to report its previous model.</param>
internal sealed record ReturnOrder(long? Version, string? Settled);

/// <summary>What a rollout tells devices. Every order can be given twice.</summary>
internal sealed class DeviceOrders(IGrainFactory grains, DeviceDirectory devices, ModelRegistry registry, ModelLinks links)
{
    /// <returns>Version of the desired twin that says so.</returns>
    public async Task<long> Give(DeviceId device, ModelRef model, string rollout, bool compare)
    {
        var package = await registry.FindAsync(model.Digest, CancellationToken.None)
            ?? throw new InvalidOperationException($"The registry has lost model {model.Digest}, which {device} should get.");
        var desired = new DesiredModel(model, rollout, links.For(model.Digest), package.Bytes, compare) { Chunks = links.ForChunks(model.Digest) };
        return (await grains.GetGrain<IDeviceGrain>(device.Value).SetDesiredModel(desired, rollout)).Version;
    }

    /// <summary>Wants the device's previous model again, unless it was given something else since.</summary>
    public async Task<ReturnOrder> TakeBack(RolloutDevice device, string rollout)
    {
        var desired = await grains.GetGrain<IDeviceGrain>(device.Device.Value).GetDesired();
        var returning = desired?.Model is { } wanted && wanted.Rollout == rollout && wanted.Model.Digest == device.Previous?.Digest;
        if (!returning && desired?.Model?.Rollout != rollout)
            return new ReturnOrder(null, desired?.Model?.Model is { } other && other.Digest != device.Previous?.Digest ? $"it was given {other.Name} {other.Version} since" : "it had not been told yet");
        if (device.Previous is null) return new ReturnOrder(null, "it had no model before and keeps this one");
        return new ReturnOrder(await Give(device.Device, device.Previous, rollout, compare: false), null);
    }

    /// <summary>Lets the device keep the rollout's model and no longer ask the previous one.</summary>
    /// <returns>Version of the desired twin that says so; null when the device was given something else since.</returns>
    public async Task<long?> EndComparison(DeviceId device, string rollout)
    {
        var desired = await grains.GetGrain<IDeviceGrain>(device.Value).GetDesired();
        return desired?.Model is { } wanted && wanted.Rollout == rollout ? await Give(device, wanted.Model, rollout, compare: false) : null;
    }

    public async Task<TwinReported?> Reported(DeviceId device) => (await devices.FindAsync(device, CancellationToken.None))?.Reported;
}
