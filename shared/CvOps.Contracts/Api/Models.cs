using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

public sealed record ModelView
{
    public required ModelRef Model { get; init; }

    public required ModelTask Task { get; init; }

    public required IReadOnlyList<string> Classes { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Id of the key that signed it.</summary>
    public required string SignedBy { get; init; }

    public required Lineage Lineage { get; init; }

    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>The last promotion gate it went through; null before the first.</summary>
    public GateResult? Gate { get; init; }
}

/// <param name="Champion">Digest to compare with.</param>
/// <param name="NonInferiorityMargin">Loss of accuracy that is still acceptable, overall and per class, 0..1.</param>
public sealed record GateRequest(string Champion, double NonInferiorityMargin = 0.02);

public enum GateVerdict { Inconclusive, Passed, Refused }

/// <summary>Challenger against champion on the golden set.</summary>
/// <param name="Reason">The verdict in a sentence with its numbers.</param>
/// <param name="Difference">Challenger's accuracy minus champion's, with its paired interval.</param>
public sealed record GateResult(
    GateVerdict Verdict, string Reason, string Champion, string Challenger, int Frames,
    double ChampionAccuracy, double ChallengerAccuracy, IntervalView Difference, IReadOnlyList<GateSlice> Slices, DateTimeOffset At);

/// <summary>A class or another slice of the golden set.</summary>
public sealed record GateSlice(string Slice, int Frames, double ChampionAccuracy, double ChallengerAccuracy, IntervalView Difference, GateVerdict Verdict);

public sealed record IntervalView(double Lower, double Estimate, double Upper, double Confidence);
