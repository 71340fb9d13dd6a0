using CvOps.Statistics;

namespace CvOps.Fleet.Frames;

/// <summary>A sampled frame as an estimate sees it.</summary>
/// <param name="Inclusion">Probability with which it was kept, (0, 1].</param>
/// <param name="Uncertainty">How sure the model was not, 0..1.</param>
/// <param name="Right">Whether the model was right; null without a label.</param>
internal readonly record struct SampledVerdict(double Inclusion, double Uncertainty, bool? Right);

/// <param name="Share">Null when there are too few labels.</param>
/// <param name="Note">What is missing; null when nothing is.</param>
internal sealed record ShareEstimate(Interval? Share, int Labelled, double Represented, double EffectiveLabels, string? Note);

/// <summary>
/// The share of right answers among all frames, from frames kept with known probabilities: each counts for one over its probability (Horvitz and
/// Thompson 1952), over the sum of the weights (Hajek 1971). Frames are kept independently, or by priority sampling, whose frames are uncorrelated
/// (Duffield, Lund and Thorup 2007): the variance is that of Poisson sampling, linearised, and the interval Wilson's at as many labels as a plain
/// sample would need for it. People label the least certain frames first, so what has no label yet is stood for by what has one and is about as
/// certain (weighting classes; Little 1986). Pure.
/// </summary>
internal static class AccuracyEstimator
{
    /// <summary>Fewer labels say nothing.</summary>
    public const int LeastLabels = 30;

    private const double Z = 1.959963984540054;

    // Upper ends of the classes of uncertainty.
    private static readonly double[] Classes = [0.05, 0.2, 0.5, double.PositiveInfinity];

    public static ShareEstimate Estimate(IReadOnlyCollection<SampledVerdict> frames)
    {
        var labelled = frames.Count(frame => frame.Right is not null);
        var represented = frames.Sum(frame => 1 / frame.Inclusion);
        if (labelled < LeastLabels)
            return new(null, labelled, represented, 0, $"{labelled} labelled frames with a known probability are too few; {LeastLabels} are the least. Label what 'cvops frames list' shows.");
        if (frames.GroupBy(ClassOf).FirstOrDefault(group => group.All(frame => frame.Right is null)) is { } blank)
            return new(null, labelled, represented, 0, $"None of the {blank.Count()} frames of which the model was {Words(blank.Key)} has a label, so nothing stands for them. Label some: they wait as frames of the rule audit.");

        var weighed = frames.GroupBy(ClassOf).SelectMany(Weigh).ToList();
        var (total, right) = (weighed.Sum(it => it.Weight), weighed.Sum(it => it.Right ? it.Weight : 0));
        var share = right / total;
        var variance = weighed.Sum(it => it.Weight * (it.Weight - 1) * Square((it.Right ? 1 : 0) - share)) / (total * total);
        var kish = total * total / weighed.Sum(it => it.Weight * it.Weight);
        // Where every label agrees no variance can be seen; where all frames were kept there is none.
        var effective = share is > 0 and < 1 ? Math.Min(total, variance > 0 ? share * (1 - share) / variance : total) : kish;
        return new(Wilson(share, effective), labelled, represented, effective, null);
    }

    /// <summary>The labelled frames of a class, so weighed that they stand for the others too.</summary>
    private static IEnumerable<(double Weight, bool Right)> Weigh(IEnumerable<SampledVerdict> frames)
    {
        var all = frames.ToList();
        var sampled = all.Sum(frame => 1 / frame.Inclusion);
        var labelled = all.Where(frame => frame.Right is not null).Sum(frame => 1 / frame.Inclusion);
        return all.Where(frame => frame.Right is not null).Select(frame => (sampled / labelled / frame.Inclusion, frame.Right!.Value));
    }

    private static int ClassOf(SampledVerdict frame) => Array.FindIndex(Classes, end => !(frame.Uncertainty >= end));

    private static string Words(int @class) => @class switch
    {
        0 => "quite sure",
        1 => "fairly sure",
        2 => "not quite sure",
        _ => "unsure",
    };

    private static Interval Wilson(double share, double labels)
    {
        var centre = (share + Z * Z / (2 * labels)) / (1 + Z * Z / labels);
        var half = Z / (1 + Z * Z / labels) * Math.Sqrt(share * (1 - share) / labels + Z * Z / (4 * labels * labels));
        return new Interval(share, Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    private static double Square(double x) => x * x;
}
