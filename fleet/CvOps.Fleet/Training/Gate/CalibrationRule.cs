using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Statistics;

namespace CvOps.Fleet.Training.Gate;

/// <summary>
/// Whether the challenger's confidence is worth as much as the champion's. The thresholds of sampling and of rejects were set for the old one, and a model that is
/// surer than it is right asks for no labels. Judged by the Brier score of the top class, mean (confidence - right)^2, frame by frame: it is a proper score
/// (Brier 1950), so no model gains by saying anything but what it knows; the expected calibration error (Guo et al. 2017) is shown beside it and not judged, as it is
/// biased on few frames. Pure.
/// </summary>
internal static class CalibrationRule
{
    private const int Bins = 15;

    /// <returns>Null where a model gives no confidence of one class.</returns>
    public static GateCalibration? Judge(IReadOnlyList<GoldenOutcome> outcomes, double margin, double confidence)
    {
        var known = outcomes.Where(outcome => double.IsFinite(outcome.Champion.Confidence) && double.IsFinite(outcome.Challenger.Confidence)).ToArray();
        if (known.Length < PromotionGate.LeastFrames) return null;
        var (mean, low, high) = Intervals.PairedMean([.. known.Select(outcome => Loss(outcome.Challenger) - Loss(outcome.Champion))], confidence);
        var verdict = low > margin ? GateVerdict.Refused : high < margin ? GateVerdict.Passed : GateVerdict.Inconclusive;
        return new GateCalibration(new IntervalView(low, mean, high, confidence), Error(known.Select(outcome => outcome.Champion)), Error(known.Select(outcome => outcome.Challenger)), verdict);
    }

    private static double Loss(Answer answer) => (answer.Confidence - (answer.Right ? 1 : 0)) * (answer.Confidence - (answer.Right ? 1 : 0));

    private static double Error(IEnumerable<Answer> answers)
    {
        var (count, sum) = (0, 0.0);
        foreach (var bin in answers.GroupBy(answer => Math.Min(Bins - 1, (int)(answer.Confidence * Bins))))
        {
            count += bin.Count();
            sum += Math.Abs(bin.Sum(answer => answer.Confidence - (answer.Right ? 1 : 0)));
        }
        return sum / count;
    }
}
