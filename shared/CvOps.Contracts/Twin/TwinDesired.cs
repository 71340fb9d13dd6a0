using System.Text.Json.Serialization;
using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Twin;

/// <summary>What the cloud wants of a device. Retained on <c>twin/desired</c>; the whole document each time.</summary>
public sealed record TwinDesired
{
    /// <summary>Rises with every change; a device ignores a document older than the one it has.</summary>
    [Wire(Minimum = 0)]
    public required long Version { get; init; }

    /// <summary>Null: keep whatever is in charge, and let go of a model that is in shadow only.</summary>
    public DesiredModel? Model { get; init; }

    /// <summary>Null: what the device's own file says, and nothing else.</summary>
    public DesiredConfiguration? Configuration { get; init; }

    /// <summary>Null: the agent's program stays as it is. Only for a device that reports a <see cref="TwinReported.Program"/>.</summary>
    public DesiredProgram? Program { get; init; }
}

/// <summary>
/// How far a device goes with a model. Active: it takes charge. Shadow: it is fetched, verified, self-tested and then infers beside the model in charge
/// until the twin says Active, which swaps it in without another download, or names another model or none. A model that is in charge already stays so.
/// </summary>
public enum ModelStage { Active, Shadow }

/// <summary>The model a device should have, and where to get it.</summary>
/// <param name="Rollout">The rollout that says so; null when set by hand.</param>
/// <param name="Url">HTTP(S) address of the package, with whatever it takes to be let in.</param>
/// <param name="Bytes">Size of the package.</param>
/// <param name="CompareWithPrevious">Keep asking the previous model about the same frames, for the rollout's evidence.</param>
public sealed record DesiredModel(Telemetry.ModelRef Model, string? Rollout, Uri Url, [Wire(Unit = "B", Minimum = 0)] long Bytes, bool CompareWithPrevious)
{
    /// <summary>HTTP(S) address of the package's <see cref="Packages.Chunks.ChunkList"/>, with the same permission; null: the package is fetched whole.</summary>
    public Uri? Chunks { get; init; }

    /// <summary>Shadow only for a device that reports a <see cref="ReportedModel.Stage"/>: an older one does not know the word and would put the model in charge.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ModelStage Stage { get; init; }
}

/// <summary>Settings that hold instead of those of the device's own file, for the sections they name.</summary>
/// <param name="Digest">SHA-256 of the settings' UTF-8, which is their version; a device refuses settings that have another.</param>
/// <param name="Rollout">The rollout that says so; null when set by hand.</param>
/// <param name="Settings">YAML in the words of agent.yaml, at most <see cref="Limits.ConfigurationCharacters"/>.</param>
public sealed record DesiredConfiguration([Wire(Pattern = WireAttribute.Sha256)] string Digest, string? Rollout, string Settings)
{
    /// <summary>Rises when the device is to try the same settings once more; under the same number they are not tried again.</summary>
    [Wire(Minimum = 0)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempt { get; init; }

    /// <summary>Settings under their digest.</summary>
    public static DesiredConfiguration Of(string settings, string? rollout) => new(DigestOf(settings), rollout, settings);

    /// <summary>SHA-256 of a text's UTF-8, lower-case hex.</summary>
    public static string DigestOf(string settings) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(settings)));
}

/// <summary>The agent's program that a device should run, and where to get it.</summary>
/// <param name="Version">As in the package's manifest; see CvOps.Contracts.Programs.ProgramManifest.</param>
/// <param name="Digest">SHA-256 of the package.</param>
/// <param name="Url">HTTP(S) address of the package, with whatever it takes to be let in.</param>
/// <param name="Bytes">Size of the package.</param>
public sealed record DesiredProgram(string Version, [Wire(Pattern = WireAttribute.Sha256)] string Digest, Uri Url, [Wire(Unit = "B", Minimum = 0)] long Bytes)
{
    /// <summary>Rises when the device is to try the same package once more; under the same number it is not tried again.</summary>
    [Wire(Minimum = 0)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempt { get; init; }
}
