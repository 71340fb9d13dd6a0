using CvOps.Contracts;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Models;

namespace CvOps.Fleet.Rollouts;

/// <param name="Version">Of the desired twin that says so; null when none was made.</param>
/// <param name="Settled">Why none was: a clause about the device; null when there is one.</param>
/// <param name="IsNew">False where the device was to have that already, and may have answered it.</param>
internal readonly record struct Order(long? Version, string? Settled, bool IsNew);

/// <summary>What a rollout tells devices, ready to be given to many.</summary>
internal sealed class DeviceOrders(ModelRegistry registry, ModelLinks links, ConfigurationStore configurations)
{
    /// <returns>Null when the registry does not have the package, or its file is gone.</returns>
    public async Task<DesiredModel?> Prepare(string digest, string rollout) => await registry.FindAsync(digest, CancellationToken.None) is { Lost: false } package
        ? new DesiredModel(package.Model, rollout, links.For(digest), package.Bytes, false) { Chunks = links.ForChunks(digest) } : null;

    /// <summary>The settings a device is to have.</summary>
    /// <returns>Null when the fleet does not keep them.</returns>
    public Task<DesiredConfiguration?> PrepareSettings(string digest, string rollout) => configurations.OrderAsync(digest, rollout, CancellationToken.None);
}

/// <summary>One device told in a transaction. Every order can be given twice: the second time changes nothing and has the same version, unless it is to be tried again.</summary>
internal static class DeviceOrder
{
    public static Order Give(DesiredTable desired, DeviceId device, DesiredModel model, bool again = false) => Of(desired.Set(device, model, model.Rollout!, again));

    /// <param name="settings">Null: the device's own file alone.</param>
    public static Order Give(DesiredTable desired, DeviceId device, DesiredConfiguration? settings, string rollout, bool again = false) => Of(desired.Set(device, settings, rollout, again));

    /// <summary>Wants the settings back that the device had, unless it was given others since.</summary>
    /// <param name="previous">By digest, the settings that devices had; null where the fleet does not keep them.</param>
    public static Order TakeBack(DesiredTable desired, RolloutMember member, IReadOnlyDictionary<string, DesiredConfiguration?> previous)
    {
        var wanted = desired.Of(member.Device);
        if (wanted?.Configuration?.Rollout != member.Rollout)
            return Settled(wanted?.Configuration is { } other && other.Digest != member.PreviousSettings ? $"it was given the configuration {other.Digest[..12]} since" : "it had not been told yet");
        if (member.PreviousSettings is not { } digest) return Give(desired, member.Device, null, member.Rollout);
        return previous.GetValueOrDefault(digest) is { } settings ? Give(desired, member.Device, settings, member.Rollout)
            : Settled($"it keeps the new configuration: the fleet does not keep {digest}, which it had");
    }

    /// <summary>Wants back what the device had, unless it was given something else since.</summary>
    /// <param name="previous">By digest, the models that devices had; null where the registry has lost one.</param>
    public static Order TakeBack(DesiredTable desired, RolloutMember member, IReadOnlyDictionary<string, DesiredModel?> previous)
    {
        var wanted = desired.Of(member.Device);
        if (wanted?.Model?.Rollout != member.Rollout)
            return Settled(wanted?.Model?.Model is { } other && other.Digest != member.Previous?.Digest ? $"it was given {other.Name} {other.Version} since" : "it had not been told yet");
        if (member.Previous is null) return Settled("it had no model before and keeps this one");
        return previous.GetValueOrDefault(member.Previous.Digest) is { } model ? Give(desired, member.Device, model)
            : Settled($"it keeps the new model: the registry has lost {member.Previous.Name} {member.Previous.Version} ({member.Previous.Digest}), which it had");
    }

    /// <summary>Lets the device keep the rollout's model and no longer ask the previous one; or let go of it, where it is in shadow.</summary>
    public static Order EndComparison(DesiredTable desired, RolloutMember member) => desired.Of(member.Device)?.Model is not { } wanted || wanted.Rollout != member.Rollout ? default
        : wanted.Stage == ModelStage.Shadow ? Of(desired.LetGo(member.Device, member.Rollout)) : Give(desired, member.Device, wanted with { CompareWithPrevious = false });

    private static Order Of(Wanted wanted) => new(wanted.Desired?.Version, wanted.Refusal, wanted.IsNew);

    private static Order Settled(string why) => new(null, why, false);
}
