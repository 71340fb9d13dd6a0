using System.Text.Json.Serialization;
using CvOps.Contracts.Twin;

namespace CvOps.CrashMatrix;

/// <summary>What a device does in one life of its process: come up on a folder, and bring the desired model in charge.</summary>
internal sealed record HostOrder
{
    public required string Data { get; init; }

    public required string TrustedKeys { get; init; }

    public required TwinDesired Desired { get; init; }

    /// <summary>Where states are noted as they are entered, among the disk's operations; null for nowhere.</summary>
    public string? Log { get; init; }

    /// <summary>A library to look for libc's functions in first; null for libc itself.</summary>
    public string? Library { get; init; }

    /// <summary>The process is killed after it has entered this state.</summary>
    public UpdateState? DiesIn { get; init; }

    /// <summary>How long after; while it waits, no frame comes, so that states that need frames last.</summary>
    public int DiesAfterMs { get; init; }

    /// <summary>The process is killed as soon as a model of this version is in charge at a start.</summary>
    public string? DiesStartingWith { get; init; }

    /// <summary>Ends as soon as the journal can't be written, too.</summary>
    public bool EndsHeldUp { get; init; }
}

/// <summary>How a life ended that nobody cut short.</summary>
/// <param name="InCharge">Version of the model that inspects; null for none.</param>
/// <param name="Verified">Its package is on the disk, whole, and the journal would start with it again.</param>
/// <param name="HeldUp">The journal could not be written.</param>
internal sealed record HostEnd(UpdateState State, string? InCharge, bool Verified, string? Reason, bool HeldUp);

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(HostOrder))]
[JsonSerializable(typeof(HostEnd))]
internal sealed partial class HostJson : JsonSerializerContext;
