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

    /// <summary>False alarms a year that are allowed in the whole fleet, however many cameras and covariates it has and however often they are looked at.</summary>
    public double FalseAlarmsAYear { get; init; } = 1;

    /// <summary>Largest p-value of the frames of a camera that begins unlike the profile.</summary>
    public double UnlikePValue { get; init; } = 1e-9;

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

/// <summary>
/// Has the world moved away from the one the model was made for? Two things must come together: the evidence of all windows says that something
/// changed, and the newest frames say that the change matters. Pure.
/// </summary>
internal static class DriftDecision
{
    /// <summary>Name of the class mix among the covariates.</summary>
    public const string ClassMix = "classes";

    public static DriftAnswer Decide(ReferenceProfile reference, RecentFrames recent, CameraEvidence evidence, DriftMemory memory, DriftLimits limits)
    {
        if (recent.Frames < limits.MinFrames) return new DriftAnswer(To(memory with { Moved = 0, Calm = 0 }, DriftState.Learning, recent.To), []);
        var covariates = Compare(reference, recent, evidence, limits);
        var near = covariates.Any(c => c.Moved || (c.Psi >= limits.ClearPsi && evidence.IsCertain(c.Covariate)));
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

    private static List<CovariateDrift> Compare(ReferenceProfile reference, RecentFrames recent, CameraEvidence evidence, DriftLimits limits)
    {
        var covariates = new List<CovariateDrift>();
        foreach (var (name, histogram) in reference.Histograms.OrderBy(h => h.Key, StringComparer.Ordinal))
        {
            if (!recent.Histograms.TryGetValue(name, out var counts)) continue;
            var frames = counts.Counts.Sum();
            if (frames < limits.MinFrames) continue;
            var (expected, seen) = SparseBins.Pool(histogram.Counts, counts.Counts);
            covariates.Add(Measure(name, expected, seen, counts.Sum / frames, histogram.Mean, evidence, limits));
        }
        var classes = reference.Classes.Keys.Union(recent.Classes.Keys).Order(StringComparer.Ordinal).ToArray();
        if (reference.Classes.Values.Sum() > 0 && classes.Length > 1)
            covariates.Add(Measure(ClassMix, [.. classes.Select(c => reference.Classes.GetValueOrDefault(c))], [.. classes.Select(c => recent.Classes.GetValueOrDefault(c))], 0, 0, evidence, limits));
        return covariates;
    }

    /// <remarks>Of the index that much is taken off which chance gives on average (Yurdakul and Naranjo 2018), more where frames depend on each other.</remarks>
    private static CovariateDrift Measure(
        string name, IReadOnlyList<long> reference, IReadOnlyList<long> recent, double mean, double referenceMean, CameraEvidence evidence, DriftLimits limits)
    {
        var state = evidence.Of(name);
        var test = PsiTest.Run(reference, recent, dispersion: state?.Spread.Value ?? 1);
        var distance = Distances.JensenShannon(reference, recent);
        return new CovariateDrift(name, test.Beyond, test.PValue, double.IsNaN(distance) ? 0 : distance, mean, referenceMean, test.Beyond >= limits.MovedPsi && evidence.IsCertain(name),
            state?.Evidence, state is null ? null : evidence.Limit, evidence.Since(name));
    }
}
