namespace CvOps.Contracts.Api;

/// <summary>What a plan would have done over recorded telemetry. Lines of newline-delimited JSON: progress while it is worked out, the report last.</summary>
/// <param name="Done">Replays that are finished, of <paramref name="Of"/>.</param>
/// <param name="Read">Records read so far, of <paramref name="ToRead"/>; null when none are being read.</param>
public sealed record FlightLine(int Done, int Of, FlightReport? Report = null, IReadOnlyList<PlanMistake>? Mistakes = null, long? Read = null, long? ToRead = null);

/// <param name="What">A metric, or another part of a plan.</param>
/// <param name="Replayed">False: the replay knows nothing of it, and a real rollout may stop, pause or wait for it.</param>
/// <param name="How">From which records and what is assumed, or why not.</param>
public sealed record FlightSource(string What, bool Replayed, string How);

public sealed record FlightReport
{
    /// <summary>The first and the last recorded part that was replayed.</summary>
    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    /// <summary>Recorded parts of the rollout's devices.</summary>
    public required long Parts { get; init; }

    public required int Devices { get; init; }

    /// <summary>The challenger as asked for: recorded, or the champion with a share of failed or rejected parts.</summary>
    public required FlightOutcome Flight { get; init; }

    /// <summary>Replays in which the challenger was the champion itself, with other canaries each.</summary>
    public required int Runs { get; init; }

    /// <summary>Of those, how many were stopped, by each rule; the first is the plan's.</summary>
    public required IReadOnlyList<FlightRival> FalseStops { get; init; }

    /// <summary>Of those, how many the plan paused as Inconclusive, or for a person to judge.</summary>
    public required int Pauses { get; init; }

    /// <summary>The plan's stated risk of a false stop.</summary>
    public required double StatedRisk { get; init; }

    /// <summary>Everything that could decide a rollout: what was replayed of it, and what was not.</summary>
    public IReadOnlyList<FlightSource> Sources { get; set; } = [];

    /// <summary>What else to know of this replay, a sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

public enum FlightEnd { Stopped, Paused, Completed, HistoryEnded }

/// <param name="Hours">From its start to its end, of the recorded time.</param>
/// <param name="Parts">Parts that were inspected by the challenger.</param>
/// <param name="Touched">Devices that had it.</param>
/// <param name="Rivals">When other rules would have stopped it.</param>
public sealed record FlightOutcome(FlightEnd End, string Reason, double Hours, long Parts, int Touched, IReadOnlyList<FlightRival> Rivals, IReadOnlyList<RolloutTransition> Steps);

/// <param name="Stops">How often it stopped: 0 or 1 in one flight.</param>
/// <param name="Parts">Parts exposed until then; null where it did not stop, or over many flights.</param>
public sealed record FlightRival(string Rule, int Stops, double? Hours = null, long? Parts = null);
