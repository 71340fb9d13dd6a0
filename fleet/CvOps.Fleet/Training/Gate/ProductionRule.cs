using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Training.Gate;

/// <summary>
/// What both models would get right of all that the cameras see: golden frames were kept with known probabilities and never trained on, so each stands for one over
/// its probability (<see cref="AccuracyEstimator"/>). Pure.
/// </summary>
internal static class ProductionRule
{
    private const double Confidence = 0.95;

    public static GateProduction Estimate(IReadOnlyList<GoldenOutcome> outcomes)
    {
        var known = outcomes.Where(outcome => outcome.Inclusion is > 0 and <= 1).ToArray();
        var champion = Of(known, outcome => outcome.Champion.Right);
        var challenger = Of(known, outcome => outcome.Challenger.Right);
        return new GateProduction(View(champion), View(challenger), known.Length,
            champion.Share is not null ? null : $"{known.Length} golden frames came from cameras with a known probability; {AccuracyEstimator.LeastLabels} are the least. Pictures that were imported stand for no others.");
    }

    private static ShareEstimate Of(GoldenOutcome[] outcomes, Func<GoldenOutcome, bool> right) =>
        AccuracyEstimator.Estimate([.. outcomes.Select(outcome => new SampledVerdict(outcome.Inclusion!.Value, outcome.Uncertainty, right(outcome)))]);

    private static IntervalView? View(ShareEstimate estimate) => estimate.Share is { } share ? new IntervalView(share.Low, share.Estimate, share.High, Confidence) : null;
}
