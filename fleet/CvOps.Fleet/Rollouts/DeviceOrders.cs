using CvOps.Contracts;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Models;

namespace CvOps.Fleet.Rollouts;

/// <param name="Version">Of the desired twin that says so; null when none was made.</param>
/// <param name="Settled">Why none was: a clause about the device; null when there is one.</param>
internal readonly record struct Order(DeviceId Device, long? Version, string? Settled);

/// <summary>What a rollout tells devices. Every order can be given twice: the second time changes nothing and has the same version.</summary>
internal sealed class DeviceOrders(IGrainFactory grains, ModelRegistry registry, ModelLinks links, ConfigurationStore configurations)
{
    /// <summary>What a device is to have, ready to be given to many.</summary>
    /// <returns>Null when the registry does not have the package.</returns>
    public async Task<DesiredModel?> Prepare(string digest, string rollout) => await registry.FindAsync(digest, CancellationToken.None) is { } package
        ? new DesiredModel(package.Model, rollout, links.For(digest), package.Bytes, false) { Chunks = links.ForChunks(digest) } : null;

    public async Task<Order> Give(DeviceId device, DesiredModel model)
    {
        try
        {
            return new Order(device, (await grains.GetGrain<IDeviceGrain>(device.Value).SetDesiredModel(model, model.Rollout!)).Version, null);
        }
        catch (InvalidOperationException e)
        {
            // The device can't be told this: it does not know the stage, or nobody knows the device.
            return new Order(device, null, e.Message);
        }
    }

    /// <summary>The settings a device is to have.</summary>
    /// <returns>Null when the fleet does not keep them.</returns>
    public Task<DesiredConfiguration?> PrepareSettings(string digest, string rollout) => configurations.OrderAsync(digest, rollout, CancellationToken.None);

    /// <param name="settings">Null: the device's own file alone.</param>
    public async Task<Order> Give(DeviceId device, DesiredConfiguration? settings, string rollout)
    {
        try
        {
            return new Order(device, (await grains.GetGrain<IDeviceGrain>(device.Value).SetDesiredConfiguration(settings, rollout)).Version, null);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return new Order(device, null, e.Message);
        }
    }

    /// <summary>Wants the settings back that the device had, unless it was given others since.</summary>
    public async Task<Order> TakeBackSettings(RolloutMember member, string rollout)
    {
        var desired = await grains.GetGrain<IDeviceGrain>(member.Device.Value).GetDesired();
        if (desired?.Configuration?.Rollout != rollout)
            return new Order(member.Device, null, desired?.Configuration is { } other && other.Digest != member.PreviousSettings ? $"it was given the configuration {other.Digest[..12]} since" : "it had not been told yet");
        if (member.PreviousSettings is not { } digest) return await Give(member.Device, null, rollout);
        return await PrepareSettings(digest, rollout) is { } settings ? await Give(member.Device, settings, rollout)
            : new Order(member.Device, null, $"it keeps the new configuration: the fleet does not keep {digest}, which it had");
    }

    /// <summary>Wants back what the device had, unless it was given something else since.</summary>
    /// <param name="previous">By digest, the previous models as <see cref="Prepare"/> gave them.</param>
    public async Task<Order> TakeBack(RolloutMember member, string rollout, Func<string, Task<DesiredModel?>> previous)
    {
        var desired = await grains.GetGrain<IDeviceGrain>(member.Device.Value).GetDesired();
        if (desired?.Model?.Rollout != rollout)
            return new Order(member.Device, null, desired?.Model?.Model is { } other && other.Digest != member.Previous?.Digest ? $"it was given {other.Name} {other.Version} since" : "it had not been told yet");
        if (member.Previous is null) return new Order(member.Device, null, "it had no model before and keeps this one");
        return await previous(member.Previous.Digest) is { } model
            ? await Give(member.Device, model with { CompareWithPrevious = false })
            : new Order(member.Device, null, $"it keeps the new model: the registry has lost {member.Previous.Name} {member.Previous.Version} ({member.Previous.Digest}), which it had");
    }

    /// <summary>Lets the device keep the rollout's model and no longer ask the previous one.</summary>
    public async Task<Order> EndComparison(DeviceId device, string rollout)
    {
        var desired = await grains.GetGrain<IDeviceGrain>(device.Value).GetDesired();
        return desired?.Model is { } wanted && wanted.Rollout == rollout ? await Give(device, wanted with { CompareWithPrevious = false }) : new Order(device, null, null);
    }
}
