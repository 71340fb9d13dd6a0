using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Statistics;

namespace CvOps.Fleet.Drift;

/// <summary>Limits of the drift decision.</summary>
internal sealed record DriftLimits
{
    /// <summary>Frames below which nothing is decided.</summary>
    public long MinFrames { get; init; } = 100;

    /// <summary>The newest windows that hold at least this many frames are the present.</summary>
    public long RecentFrames { get; init; } = 200;

    /// <summary>Frames of a camera's own baseline, where it needs one.</summary>
    public long BaselineFrames { get; init; } = 500;

    /// <summary>Least PSI, beyond what chance gives on average, of a covariate that has moved: it matters.</summary>
    public double MovedPsi { get; init; } = 0.2;

    /// <summary>Largest p-value of a covariate that has moved: it is no chance, though every window is looked at.</summary>
    public double MovedPValue { get; init; } = 1e-9;

    /// <summary>Beyond-chance PSI below which an alarm may end; lower than <see cref="MovedPsi"/>, so that it does not flicker.</summary>
    public double ClearPsi { get; init; } = 0.1;

    /// <summary>Decisions in a row for an alarm, and for its end.</summary>
    public int AlarmAfter { get; init; } = 2;

    public int ClearAfter { get; init; } = 3;
}

/// <summary>What a decision needs of the ones before it.</summary>
/// <param name="Moved">Decisions in a row in which something had moved.</param>
/// <param name="Calm">Decisions in a row in which nothing was near moving.</param>
/// <param name="Since">Since when it is in this state.</param>
internal sealed record DriftMemory(DriftState State, int Moved, int Calm, DateTimeOffset Since)
{
    public static DriftMemory Fresh(DateTimeOffset at) => new(DriftState.Learning, 0, 0, at);
}

internal sealed record DriftAnswer(DriftMemory Memory, IReadOnlyList<CovariateDrift> Covariates);

/// <summary>Has the world moved away from the one the model was made for? Pure.</summary>
internal static class DriftDecision
{
    /// <summary>Name of the class mix among the covariates.</summary>
    public const string ClassMix = "classes";

    public static DriftAnswer Decide(ReferenceProfile reference, RecentFrames recent, DriftMemory memory, DriftLimits limits)
    {
        if (recent.Frames < limits.MinFrames) return new DriftAnswer(To(memory with { Moved = 0, Calm = 0 }, DriftState.Learning, recent.To), []);
        var covariates = Compare(reference, recent, limits);
        var near = covariates.Any(c => c.Moved || (c.Psi >= limits.ClearPsi && c.PValue <= limits.MovedPValue));
        return new DriftAnswer(Advance(memory, covariates.Any(c => c.Moved), near, recent.To, limits), covariates);
    }

    /// <param name="moved">Something has moved.</param>
    /// <param name="near">Something has, or is not far from it.</param>
    internal static DriftMemory Advance(DriftMemory memory, bool moved, bool near, DateTimeOffset at, DriftLimits limits)
    {
        memory = memory with { Moved = moved ? memory.Moved + 1 : 0, Calm = near ? 0 : memory.Calm + 1 };
        // An alarm lasts until the world was calm for a while; a watch until nothing has moved.
        var state = memory.Moved >= limits.AlarmAfter ? DriftState.Alarm
            : memory.State == DriftState.Alarm && memory.Calm < limits.ClearAfter ? DriftState.Alarm
            : moved ? DriftState.Watch
            : DriftState.Stable;
        return To(memory, state, at);
    }

    internal static DriftMemory To(DriftMemory memory, DriftState state, DateTimeOffset at) => memory.State == state ? memory : memory with { State = state, Since = at };

    private static List<CovariateDrift> Compare(ReferenceProfile reference, RecentFrames recent, DriftLimits limits)
    {
        var covariates = new List<CovariateDrift>();
        foreach (var (name, histogram) in reference.Histograms.OrderBy(h => h.Key, StringComparer.Ordinal))
        {
            if (!recent.Histograms.TryGetValue(name, out var counts)) continue;
            var frames = counts.Counts.Sum();
            if (frames < limits.MinFrames) continue;
            var (expected, seen) = SparseBins.Pool(histogram.Counts, counts.Counts);
            covariates.Add(Measure(name, expected, seen, counts.Sum / frames, histogram.Mean, limits));
        }
        var classes = reference.Classes.Keys.Union(recent.Classes.Keys).Order(StringComparer.Ordinal).ToArray();
        if (reference.Classes.Values.Sum() > 0 && classes.Length > 1)
            covariates.Add(Measure(ClassMix, [.. classes.Select(c => reference.Classes.GetValueOrDefault(c))], [.. classes.Select(c => recent.Classes.GetValueOrDefault(c))], 0, 0, limits));
        return covariates;
    }

    /// <remarks>
    /// Without drift PSI is on average (B - 1)(1/n + 1/m) (Yurdakul and Naranjo 2018); that much is chance and is taken off, so that one limit
    /// holds for few frames and for many.
    /// </remarks>
    private static CovariateDrift Measure(string name, IReadOnlyList<long> reference, IReadOnlyList<long> recent, double mean, double referenceMean, DriftLimits limits)
    {
        var test = PsiTest.Run(reference, recent);
        var chance = test.Degrees * (1.0 / reference.Sum() + 1.0 / recent.Sum());
        var beyond = Math.Max(0, test.Psi - chance);
        var distance = Distances.JensenShannon(reference, recent);
        return new CovariateDrift(name, beyond, test.PValue, double.IsNaN(distance) ? 0 : distance, mean, referenceMean, beyond >= limits.MovedPsi && test.PValue <= limits.MovedPValue);
    }
}
