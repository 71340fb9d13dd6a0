namespace CvOps.Agent.Update;

/// <summary>
/// What live frames of this device have shown of a new model: in charge while it soaks, or asked beside the one in charge while it shadows.
/// <see cref="SoakGate"/> judges it.
/// </summary>
internal readonly record struct SoakEvidence
{
    /// <summary>Frames the new model was asked about, errors included.</summary>
    public long Frames { get; init; }

    /// <summary>Frames it gave no prediction for.</summary>
    public long Errors { get; init; }

    /// <summary>Of them, those whose outputs held NaN or an infinite number.</summary>
    public long NotFinite { get; init; }

    public LatencySeen Latency { get; init; }

    /// <summary>Of the model that was in charge before, on this device; no frames when there was none.</summary>
    public LatencySeen LatencyBefore { get; init; }

    /// <summary>The longest that the new model gave one answer, where that says most; null without a model before.</summary>
    public SameAnswer? SameAnswer { get; init; }

    /// <summary>Resident memory gained since the new model was first asked, bytes; negative when some was given back.</summary>
    public long MemoryGrowth { get; init; }

    /// <summary>Since the new model was first asked.</summary>
    public TimeSpan Watched { get; init; }
}

/// <summary>Inference times of the latest frames.</summary>
/// <param name="Frames">Frames measured ever.</param>
/// <param name="P50">Milliseconds; 0 without frames.</param>
/// <param name="P95">Milliseconds; 0 without frames.</param>
/// <param name="P99">Milliseconds; 0 without frames.</param>
internal readonly record struct LatencySeen(long Frames, double P50, double P95, double P99);

/// <summary>A camera for which the new model gave one answer over and over, and what the model before said there.</summary>
/// <param name="Answer">The class; null for nothing found.</param>
/// <param name="Run">Frames on end.</param>
/// <param name="Before">What the model before said on this camera.</param>
/// <param name="Chance">Bound on how likely a healthy model does this; see <see cref="CollapseRule"/>. Several cameras and runs are accounted for.</param>
internal readonly record struct SameAnswer(string Camera, string? Answer, long Run, AnswersBefore Before, double Chance);
