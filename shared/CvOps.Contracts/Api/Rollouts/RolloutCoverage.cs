namespace CvOps.Contracts.Api;

/// <summary>How far each ring of a rollout looks like all of its devices.</summary>
public sealed record RolloutCoverage
{
    /// <summary>Most strata of <see cref="Largest"/>.</summary>
    public const int MostShown = 100;

    /// <summary>The labels whose combinations are the strata.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Strata that have a device.</summary>
    public required int Strata { get; init; }

    public required int Devices { get; init; }

    public required IReadOnlyList<RingCoverage> Rings { get; init; }

    /// <summary>The strata with the most devices, most first.</summary>
    public required IReadOnlyList<StratumCoverage> Largest { get; init; }
}

/// <param name="Strata">Strata of which the ring has a device.</param>
/// <param name="StrataSoFar">Strata of which this ring or an earlier one has a device.</param>
/// <param name="ShareSoFar">Of the rollout's devices, the share that lies in those strata: 0..1.</param>
public sealed record RingCoverage(string Ring, int Devices, int Strata, int StrataSoFar, double ShareSoFar);

/// <param name="Values">One for each of the labels; <c>-</c> where its devices do not have it.</param>
/// <param name="Rings">Its devices in each ring.</param>
public sealed record StratumCoverage(IReadOnlyList<string> Values, int Devices, IReadOnlyList<int> Rings);
