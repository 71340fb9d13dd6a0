using System.Text.Json.Serialization;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>What the journal remembers of the model slots and the update. Fields are only added.</summary>
internal sealed record UpdateRecord
{
    /// <summary>Version of this record's form.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public UpdateState State { get; init; }

    /// <summary>The last desired document acted upon; its digest is not tried again until the version rises.</summary>
    public long DesiredVersion { get; init; }

    /// <summary>The committed model: what the next start puts in charge. Changes only by commit and by rollback.</summary>
    public ModelRef? Active { get; init; }

    /// <summary>The model before, kept on disk for the way back.</summary>
    public ModelRef? Previous { get; init; }

    /// <summary>What the update is about: in progress, or the last one.</summary>
    public DesiredModel? Target { get; init; }

    /// <summary>When <see cref="State"/> was entered.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Tries of <see cref="Target"/> in which the process died.</summary>
    public int Deaths { get; init; }

    /// <summary>Once the old model is in charge again, <see cref="Target"/> gets another try.</summary>
    public bool TryAgain { get; init; }

    /// <summary>Why the last update failed or was rolled back, in a sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>Times this record was saved since the update began: what breaks an endless loop.</summary>
    public int Saves { get; init; }

    /// <summary>Starts with <see cref="Active"/> in charge that did not live long enough to be called good.</summary>
    public int UnprovenStarts { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(UpdateRecord))]
[JsonSerializable(typeof(DesiredModel))]
internal sealed partial class UpdateJson : JsonSerializerContext;
