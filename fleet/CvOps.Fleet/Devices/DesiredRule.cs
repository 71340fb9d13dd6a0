using CvOps.Contracts;
using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Devices;

/// <summary>Which document follows when the fleet wants something else of a device. Pure.</summary>
internal static class DesiredRule
{
    /// <param name="again">The device is to try once more what it was told before.</param>
    /// <returns>The document that wants the model; the same one where that is wanted already (same package, rollout, comparison and stage) and not to be tried again.</returns>
    public static TwinDesired Model(TwinDesired? current, DesiredModel model, bool again = false) =>
        !again && current is { Model: { } wanted } && (wanted.Model.Digest, wanted.Rollout, wanted.CompareWithPrevious, wanted.Stage) == (model.Model.Digest, model.Rollout, model.CompareWithPrevious, model.Stage)
            ? current : Next(current) with { Model = model };

    public static TwinDesired NoModel(TwinDesired current) => Next(current) with { Model = null };

    /// <param name="configuration">Null: the device's own file alone.</param>
    /// <param name="again">The device is to try once more what it was told before.</param>
    /// <returns>The document that wants the settings; the same one where they are wanted already and not to be tried again.</returns>
    public static TwinDesired Configuration(TwinDesired? current, DesiredConfiguration? configuration, bool again = false)
    {
        var isWanted = current is not null && (current.Configuration?.Digest, current.Configuration?.Rollout) == (configuration?.Digest, configuration?.Rollout);
        if (isWanted && !again) return current!;
        // A document comes to devices for other reasons too; this number alone says that these settings are meant anew.
        return Next(current) with { Configuration = isWanted && configuration is not null ? configuration with { Attempt = current!.Configuration!.Attempt + 1 } : configuration };
    }

    /// <param name="program">Null: none is wanted any more, and what runs stays.</param>
    /// <param name="again">The device is to try once more what it was told before.</param>
    /// <returns>The document that wants the program; the same one where it is wanted already and not to be tried again.</returns>
    public static TwinDesired Program(TwinDesired? current, DesiredProgram? program, bool again)
    {
        var isWanted = current?.Program?.Digest == program?.Digest;
        if (isWanted && current is not null && !(again && program is not null)) return current;
        return Next(current) with { Program = isWanted && program is not null ? program with { Attempt = current!.Program!.Attempt + 1 } : program };
    }

    /// <summary>Why a device can be given none.</summary>
    public static string WhyNoProgram(DeviceId device) => $"{device} says nothing of its program, so its agent does not change it by itself; install a newer package there first.";

    /// <returns>The same program under a fresh link; null when that document is no longer the desired one.</returns>
    public static TwinDesired? RenewedProgram(TwinDesired? current, long version, Uri url) =>
        current is { Program: { } program } && current.Version == version ? Next(current) with { Program = program with { Url = url } } : null;

    /// <returns>The same model under fresh links; null when that document is no longer the desired one.</returns>
    public static TwinDesired? Renewed(TwinDesired? current, long version, Uri url, Uri chunks) =>
        current is { Model: { } model } && current.Version == version ? Next(current) with { Model = model with { Url = url, Chunks = chunks } } : null;

    /// <returns>Why no device can be given these settings; null when one can.</returns>
    public static string? WhyNoSettings(DesiredConfiguration configuration) =>
        configuration.Settings.Length > Limits.ConfigurationCharacters ? $"The settings have {configuration.Settings.Length} characters; a device takes {Limits.ConfigurationCharacters} at most."
        : DesiredConfiguration.DigestOf(configuration.Settings) is var digest && digest != configuration.Digest ? $"The settings' digest is {digest}, not {configuration.Digest}."
        : null;

    private static TwinDesired Next(TwinDesired? current) => (current ?? new TwinDesired { Version = 0 }) with { Version = (current?.Version ?? 0) + 1 };
}
