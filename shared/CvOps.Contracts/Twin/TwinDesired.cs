using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Twin;

/// <summary>What the cloud wants of a device. Retained on <c>twin/desired</c>; the whole document each time.</summary>
public sealed record TwinDesired
{
    /// <summary>Rises with every change; a device ignores a document older than the one it has.</summary>
    [Wire(Minimum = 0)]
    public required long Version { get; init; }

    /// <summary>Null: keep whatever is in charge.</summary>
    public DesiredModel? Model { get; init; }
}

/// <summary>The model a device should have in charge, and where to get it.</summary>
/// <param name="Rollout">The rollout that says so; null when set by hand.</param>
/// <param name="Url">HTTP(S) address of the package, with whatever it takes to be let in.</param>
/// <param name="Bytes">Size of the package.</param>
/// <param name="CompareWithPrevious">Keep asking the previous model about the same frames, for the rollout's evidence.</param>
public sealed record DesiredModel(Telemetry.ModelRef Model, string? Rollout, Uri Url, [Wire(Unit = "B", Minimum = 0)] long Bytes, bool CompareWithPrevious)
{
    /// <summary>HTTP(S) address of the package's <see cref="Packages.Chunks.ChunkList"/>, with the same permission; null: the package is fetched whole.</summary>
    public Uri? Chunks { get; init; }
}
