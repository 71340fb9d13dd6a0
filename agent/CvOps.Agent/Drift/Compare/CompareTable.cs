using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Statistics.Causes;

namespace CvOps.Agent.Drift.Compare;

/// <summary>The comparison as lines of text.</summary>
internal static class CompareTable
{
    public static void Write(TextWriter to, WorldComparison comparison, CompareOptions options, SeenWorld reference, SeenWorld present)
    {
        to.WriteLine($"A {options.Reference}: {reference.Frames.Count} frames");
        to.WriteLine($"B {options.Present}: {present.Frames.Count} frames");
        to.WriteLine();
        to.WriteLine($"{"covariate",-20} {"mean A",9} {"mean B",9} {"PSI",7} {"p",9}  moved");
        foreach (var covariate in comparison.Covariates)
            to.WriteLine($"{covariate.Covariate,-20} {Mean(covariate, covariate.ReferenceMean),9} {Mean(covariate, covariate.Mean),9} {Number(covariate.Psi),7} {PValue(covariate.PValue),9}  {(covariate.Moved ? "yes" : "")}");
        to.WriteLine();
        to.WriteLine(Verdict(comparison));
    }

    public static string Verdict(WorldComparison comparison) => comparison.Cause is { } cause
        ? $"Probable cause: {cause.Name}, for {cause.Route}. {cause.Advice}"
        : "Nothing has moved.";

    public static string Mean(CovariateDrift covariate, double mean) => covariate.Covariate == DriftCauseRule.ClassMix ? "-" : Number(mean);

    // A mean of projections is 0 but for rounding, on either side of it.
    public static string Number(double value) => Math.Abs(value) < 0.0005 ? "0.000" : value.ToString(Math.Abs(value) >= 100 ? "0.0" : Math.Abs(value) >= 1 ? "0.00" : "0.000", CultureInfo.InvariantCulture);

    public static string PValue(double p) => p < 1e-300 ? "<1e-300" : p < 0.001 ? p.ToString("0e-0", CultureInfo.InvariantCulture) : p.ToString("0.000", CultureInfo.InvariantCulture);
}
