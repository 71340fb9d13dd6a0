using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Devices;

/// <summary>What the fleet wants of one device; the key is the device id. What the device says is in <see cref="DeviceDirectory"/>.</summary>
internal interface IDeviceGrain : IGrainWithStringKey
{
    /// <summary>The last desired document, whether the device has taken it yet or not; null before the first.</summary>
    Task<TwinDesired?> GetDesired();

    /// <summary>
    /// Sets the desired model. The document is durable when this returns and goes to the broker, retained, as soon as that can be reached,
    /// also after a restart. Wanting what is wanted already (same package, rollout and comparison) changes nothing and gives the same version.
    /// </summary>
    /// <param name="model">With <see cref="ModelStage.Shadow"/> only for a device of which <see cref="StageRule.WhyNoShadow"/> has nothing to say.</param>
    /// <param name="by">For the audit log.</param>
    /// <exception cref="InvalidOperationException">The fleet has never heard from the device, or it can't shadow.</exception>
    Task<TwinDesired> SetDesiredModel(DesiredModel model, string by);

    /// <summary>Sets the desired configuration, durable and idempotent like the model. The desired model stays.</summary>
    /// <param name="configuration">Null: the device's own file alone.</param>
    /// <param name="by">For the audit log.</param>
    /// <exception cref="ArgumentException">The settings are longer than a device takes, or their digest is another.</exception>
    /// <exception cref="InvalidOperationException">The fleet has never heard from the device, or it takes no configuration from afar.</exception>
    Task<TwinDesired> SetDesiredConfiguration(DesiredConfiguration? configuration, string by);

    /// <summary>The same model under fresh download links, in a document of its own. Nothing happens when that version is no longer the desired one.</summary>
    Task RenewLink(long version, Uri url, Uri chunks);

    Task<Dictionary<string, string>> ChangeLabels(LabelsChange change, string by);
}

internal sealed class DeviceState
{
    public int Format { get; set; } = 1;

    public TwinDesired? Desired { get; set; }

    public Dictionary<string, string> Labels { get; set; } = [];
}

internal sealed class DeviceGrain(
    [PersistentState("device")] IPersistentState<DeviceState> state, DeviceDirectory directory, TwinOutbox outbox, Audit audit, FleetEvents events) : Grain, IDeviceGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // A crash between the write of the state and its projection is healed here.
        if (state.RecordExists) await ProjectAsync(cancellationToken);
    }

    public Task<TwinDesired?> GetDesired() => Task.FromResult(state.State.Desired);

    public async Task<TwinDesired> SetDesiredModel(DesiredModel model, string by)
    {
        if (state.State.Desired is { Model: { } wanted } current
            && (wanted.Model.Digest, wanted.Rollout, wanted.CompareWithPrevious, wanted.Stage) == (model.Model.Digest, model.Rollout, model.CompareWithPrevious, model.Stage)) return current;
        var reported = (await KnownAsync()).Reported;
        if (model.Stage == ModelStage.Shadow && StageRule.WhyNoShadow(reported) is { } reason) throw new InvalidOperationException($"{this.GetPrimaryKeyString()} can't shadow: {reason}");
        var stage = model.Stage == ModelStage.Shadow ? " in shadow" : "";
        return await DesireAsync(Next() with { Model = model }, by, "device.model-desired", $"{model.Model.Name} {model.Model.Version}{stage} ({model.Model.Digest}), rollout {model.Rollout ?? "none"}");
    }

    public async Task<TwinDesired> SetDesiredConfiguration(DesiredConfiguration? configuration, string by)
    {
        if (configuration is { Settings: var settings, Digest: var digest })
        {
            if (settings.Length > Limits.ConfigurationCharacters) throw new ArgumentException($"The settings have {settings.Length} characters; a device takes {Limits.ConfigurationCharacters} at most.");
            if (DesiredConfiguration.DigestOf(settings) != digest) throw new ArgumentException($"The settings' digest is {DesiredConfiguration.DigestOf(settings)}, not {digest}.");
        }
        var wanted = state.State.Desired?.Configuration;
        if (state.State.Desired is { } current && (wanted?.Digest, wanted?.Rollout) == (configuration?.Digest, configuration?.Rollout)) return current;
        if ((await KnownAsync()).Reported is not { Configuration: not null })
            throw new InvalidOperationException($"{this.GetPrimaryKeyString()} says nothing of its configuration, so its agent takes none from afar; update the agent first.");
        return await DesireAsync(Next() with { Configuration = configuration }, by, "device.configuration-desired", configuration is null ? "the device's own file" : $"{configuration.Digest}, rollout {configuration.Rollout ?? "none"}");
    }

    public async Task RenewLink(long version, Uri url, Uri chunks)
    {
        if (state.State.Desired is not { Model: { } model } current || current.Version != version) return;
        await WriteAsync(s => s.Desired = Next() with { Model = model with { Url = url, Chunks = chunks } });
        await audit.RecordAsync("fleet", "device.link-renewed", this.GetPrimaryKeyString(), $"{model.Model.Name} {model.Model.Version} ({model.Model.Digest})", CancellationToken.None);
        await ProjectAsync(CancellationToken.None);
    }

    public async Task<Dictionary<string, string>> ChangeLabels(LabelsChange change, string by)
    {
        var labels = new Dictionary<string, string>(state.State.Labels);
        foreach (var (key, value) in change.Labels)
        {
            if (value is null) labels.Remove(key);
            else labels[key] = value;
        }
        await WriteAsync(s => s.Labels = labels);
        await audit.RecordAsync(by, "device.labelled", this.GetPrimaryKeyString(), string.Join(", ", change.Labels.Select(label => $"{label.Key}={label.Value}")), CancellationToken.None);
        await ProjectAsync(CancellationToken.None);
        return new Dictionary<string, string>(labels);
    }

    private async Task<DeviceView> KnownAsync() => await directory.FindAsync(new DeviceId(this.GetPrimaryKeyString()), CancellationToken.None)
        ?? throw new InvalidOperationException($"The fleet has never heard from device '{this.GetPrimaryKeyString()}', so it knows no topic to reach it.");

    private TwinDesired Next() => (state.State.Desired ?? new TwinDesired { Version = 0 }) with { Version = (state.State.Desired?.Version ?? 0) + 1 };

    private async Task<TwinDesired> DesireAsync(TwinDesired desired, string by, string action, string detail)
    {
        await WriteAsync(s => s.Desired = desired);
        await Task.WhenAll(audit.RecordAsync(by, action, this.GetPrimaryKeyString(), detail, CancellationToken.None), ProjectAsync(CancellationToken.None));
        return desired;
    }

    private async Task WriteAsync(Action<DeviceState> change)
    {
        try
        {
            change(state.State);
            await state.WriteStateAsync();
        }
        catch
        {
            // Memory is ahead of the disk now: forget it.
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task ProjectAsync(CancellationToken cancel)
    {
        await directory.ProjectAsync(this.GetPrimaryKeyString(), state.State.Desired, state.State.Labels, cancel);
        outbox.Wake();
        events.Publish("device", this.GetPrimaryKeyString());
    }
}
