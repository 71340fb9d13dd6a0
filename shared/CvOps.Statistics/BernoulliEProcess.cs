namespace CvOps.Statistics;

/// <summary>
/// Evidence that bad events come more often than they may, valid at every look: <see cref="RateMixture"/> of rates above p0. While the true rate is
/// at most <see cref="P0"/>, in whatever order and however it depends on the past, it is a non-negative supermartingale from 1, so that P(it ever
/// reaches 1/a) is at most a (Ville 1939). Only the two counts matter, so the record is its own state and merging devices adds counts.
/// </summary>
/// <param name="P0">Rate that is still normal, (0, 0.5].</param>
/// <param name="Trials">Observed so far.</param>
/// <param name="Events">Bad ones among them.</param>
public sealed record BernoulliEProcess(double P0, long Trials = 0, long Events = 0)
{
    public double P0 { get; init; } = P0 is > 0 and <= 0.5 ? P0 : throw new ArgumentOutOfRangeException(nameof(P0), P0, "The normal rate must lie above 0 and at most at 0.5.");

    /// <summary>Natural logarithm of the evidence; 0 without data.</summary>
    public double LogEvidence => RateMixture.Log(RateMixture.Above(P0), Trials, Events);

    /// <summary>Natural logarithm of the evidence that events come less often: against a rate of at least <see cref="P0"/>.</summary>
    public double LogEvidenceBelow => RateMixture.Log(RateMixture.Below(P0), Trials, Events);

    public double Evidence => Evidences.FromLog(LogEvidence);

    /// <returns>The process after more trials, in any order.</returns>
    public BernoulliEProcess Observe(long trials, long events)
    {
        if (events < 0 || events > trials) throw new ArgumentOutOfRangeException(nameof(events), $"{events} of {trials} is no count of events.");
        return this with { Trials = Trials + trials, Events = Events + events };
    }
}
