namespace CvOps.Contracts.Packages.Chunks;

/// <summary>What an agent tells a neighbour of a package it has or fetches.</summary>
public sealed record ChunkHolding
{
    public required DeviceId Device { get; init; }

    /// <summary>It is fetching the package, so what it lacks is on its way to it.</summary>
    public required bool Fetching { get; init; }

    /// <summary>SHA-256 of the digests of the chunk list it goes by, lower-case hex; null when it has the whole file, of which any range can be had.</summary>
    public string? List { get; init; }

    /// <summary>The chunks it has as bits, the first in the lowest bit of the first byte; null for all.</summary>
    public byte[]? Chunks { get; init; }
}
