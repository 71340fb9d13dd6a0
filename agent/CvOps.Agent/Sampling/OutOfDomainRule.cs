namespace CvOps.Agent.Sampling;

/// <summary>
/// Wants the frames that the model was not made for: brightness, contrast or sharpness outside what the package's reference pictures had, or a top
/// score below any of theirs (maximum softmax probability, Hendrycks and Gimpel 2017).
/// </summary>
internal static class OutOfDomainRule
{
    public const string Name = "out-of-domain";

    // Outside by this part of the range counts half.
    private const double Half = 0.1;

    /// <param name="resolution">What makes a difference, where the reference was constant.</param>
    /// <returns>0 within the range, 1/2 a tenth of it outside, towards 1.</returns>
    public static double Score(double value, double least, double greatest, double resolution)
    {
        var off = Math.Max(least - value, value - greatest);
        var range = Math.Max(greatest - least, resolution);
        return off > 0 && range > 0 ? RuleScores.Unit(off / (off + Half * range)) : 0;
    }
}
