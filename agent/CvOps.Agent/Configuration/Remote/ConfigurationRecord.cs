using System.Text.Json.Serialization;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>What the journal remembers of the configuration from afar. Fields are only added.</summary>
internal sealed record ConfigurationRecord
{
    /// <summary>Version of this record's form.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public ConfigurationState State { get; init; }

    /// <summary>What the desired twin said last, tried or not; null for the device's own file.</summary>
    public DesiredConfiguration? Wanted { get; init; }

    /// <summary>What the change in progress, or the last one, is about.</summary>
    public DesiredConfiguration? Target { get; init; }

    /// <summary>Proven here: what the next start lives by. Changes by commit and overruling only.</summary>
    public DesiredConfiguration? Active { get; init; }

    /// <summary>What was in force before it.</summary>
    public DesiredConfiguration? Previous { get; init; }

    /// <summary>Tries of <see cref="Target"/> in which the process died.</summary>
    public int Deaths { get; init; }

    /// <summary>Why it was refused, rolled back or overruled.</summary>
    public string? Reason { get; init; }

    /// <summary>When <see cref="State"/> was entered.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What a running agent lives by: the one on trial while it is.</summary>
    [JsonIgnore]
    public DesiredConfiguration? InForce => State == ConfigurationState.Soaking ? Target : Active;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(ConfigurationRecord))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
