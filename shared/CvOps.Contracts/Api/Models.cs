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

    /// <summary>Names that point to this version now, such as champion.</summary>
    public IReadOnlyList<string> Aliases { get; set; } = [];

    /// <summary>Set once it must not be rolled out any more; null while it may.</summary>
    public ModelRevocation? Revoked { get; init; }

    /// <summary>The fleet has lost its file: nobody can be given it until the same package is registered again.</summary>
    public bool Lost { get; init; }
}

public sealed record ModelRevocation(DateTimeOffset At, string By, string Reason);

/// <param name="Reason">For the history; must not be empty.</param>
public sealed record RevokeModelRequest(string By, string Reason);

/// <summary>Moves an alias of a model's name.</summary>
/// <param name="Digest">Of the version it is to point to; null takes the alias away.</param>
/// <param name="Reason">For the history; must not be empty.</param>
/// <param name="Rollout">The rollout whose verdict speaks for it; null for none.</param>
/// <param name="Evidence">What speaks for it, in a sentence.</param>
public sealed record AliasRequest(string? Digest, string By, string Reason, string? Rollout = null, string? Evidence = null);

/// <summary>A name for one version of a model: <c>name@alias</c> in plans.</summary>
public sealed record AliasView(string Name, string Alias, ModelRef Model, DateTimeOffset Since, string By, string Reason);

/// <summary>Names of aliases that the fleet itself moves; any other is free.</summary>
public static class ModelAlias
{
    /// <summary>What the last completed rollout of that model's name brought.</summary>
    public const string Champion = "champion";

    /// <summary>What a rollout has on trial.</summary>
    public const string Challenger = "challenger";
}

/// <summary>Stored and sent by name; only ever added to.</summary>
public enum ModelEventKind { Registered, AliasMoved, AliasRemoved, Revoked }

/// <summary>One entry of a model's history, which is only ever added to.</summary>
/// <param name="Previous">What the alias pointed to before; null for nothing.</param>
/// <param name="Evidence">The verdict it stands on, in a sentence.</param>
/// <param name="Approvals">Who let the rollout go on, and why.</param>
public sealed record ModelEvent(
    long Row, DateTimeOffset At, string By, ModelEventKind Kind, string Name, string? Alias, ModelRef? Model, ModelRef? Previous, string Reason, string? Rollout, string? Evidence,
    IReadOnlyList<string> Approvals);

/// <param name="Champion">Digest to compare with.</param>
/// <param name="NonInferiorityMargin">Loss of accuracy that is still acceptable, overall and in each slice, 0..1.</param>
/// <param name="CalibrationMargin">Rise of the mean squared error of the confidence (Brier score, 0..1) that is still acceptable.</param>
/// <param name="MostLatency">Longest inference, as a multiple of the champion's on the same machine.</param>
/// <param name="MostBytes">Largest package, as a multiple of the champion's.</param>
public sealed record GateRequest(string Champion, double NonInferiorityMargin = 0.02, double CalibrationMargin = 0.02, double MostLatency = 1.5, double MostBytes = 2);

public enum GateVerdict { Inconclusive, Passed, Refused }

/// <summary>Challenger against champion on the golden set.</summary>
/// <param name="Reason">The verdict in a sentence with its numbers.</param>
/// <param name="Difference">Challenger's accuracy minus champion's, with its paired interval.</param>
public sealed record GateResult(
    GateVerdict Verdict, string Reason, string Champion, string Challenger, int Frames,
    double ChampionAccuracy, double ChallengerAccuracy, IntervalView Difference, IReadOnlyList<GateSlice> Slices, DateTimeOffset At)
{
    /// <summary>Probability of so uneven a split of the frames that only one of them got right, were they equally good (McNemar's exact test, two-sided); null in results of earlier fleets.</summary>
    public double? EqualityP { get; init; }

    /// <summary>Null where the models give no confidence of one class, and in results of earlier fleets.</summary>
    public GateCalibration? Calibration { get; init; }

    public GateCost? Cost { get; init; }

    /// <summary>Accuracy in production of both, from the golden frames of which it is known how probable they were; null for an earlier fleet's result.</summary>
    public GateProduction? Production { get; init; }

    /// <summary>Golden frames that one of them got right and the other did not, at most 200: those the challenger lost first.</summary>
    public IReadOnlyList<ChangedFrame> Changed { get; set; } = [];

    /// <summary>All of them, also those that are not listed.</summary>
    public int ChangedFrames { get; set; }

    /// <summary>Golden frames that were not asked about, because one of the two was trained on the frame, its part or its picture.</summary>
    public int SeenFrames { get; set; }
}

/// <summary>A class or another slice of the golden set.</summary>
/// <param name="Kind">What the slice is a value of: class, camera, light, or a label of the device (line, product, ...).</param>
public sealed record GateSlice(string Slice, int Frames, double ChampionAccuracy, double ChallengerAccuracy, IntervalView Difference, GateVerdict Verdict, string Kind = "class");

/// <summary>How well the confidence of the answers fits how often they are right.</summary>
/// <param name="Brier">Challenger's mean squared error of the confidence minus champion's, with its paired interval: above 0 is worse.</param>
/// <param name="ChampionError">Expected calibration error, 15 bins of equal width, 0..1 (Guo et al. 2017).</param>
public sealed record GateCalibration(IntervalView Brier, double ChampionError, double ChallengerError, GateVerdict Verdict);

/// <summary>What a part costs. Milliseconds are medians on the fleet's own processor, the two models turn by turn: their ratio is what counts.</summary>
public sealed record GateCost(double ChampionMs, double ChallengerMs, long ChampionBytes, long ChallengerBytes, GateVerdict Verdict);

/// <summary>Shares of right answers among all inspected frames, each golden frame counting for one over the probability with which it was kept.</summary>
/// <param name="Frames">Golden frames with such a probability.</param>
/// <param name="Note">Why there is no share; null where there is one.</param>
public sealed record GateProduction(IntervalView? Champion, IntervalView? Challenger, int Frames, string? Note);

/// <param name="Truth">What a person said: a class, OK or NG, or the boxes counted by class.</param>
/// <param name="Champion">What it said; null for nothing.</param>
/// <param name="Lost">The champion was right and the challenger is not.</param>
public sealed record ChangedFrame(string FrameId, string Truth, string? Champion, string? Challenger, bool Lost);

public sealed record IntervalView(double Lower, double Estimate, double Upper, double Confidence);
