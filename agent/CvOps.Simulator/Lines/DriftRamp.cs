using CvOps.Simulator.Drawing;

namespace CvOps.Simulator.Lines;

/// <summary>The way of a line from one condition to another: lamp and blur change evenly over the duration.</summary>
/// <param name="Start">When it set out.</param>
internal sealed record DriftRamp(LineCondition From, LineCondition To, DateTimeOffset Start, TimeSpan Duration)
{
    public static DriftRamp Still(LineCondition condition) => new(condition, condition, DateTimeOffset.MinValue, TimeSpan.Zero);

    public LineCondition At(DateTimeOffset now)
    {
        if (!IsRamping(now)) return To;
        var share = Math.Clamp((now - Start) / Duration, 0, 1);
        return To with { Lamp = From.Lamp + (To.Lamp - From.Lamp) * share, Blur = From.Blur + (To.Blur - From.Blur) * share };
    }

    public bool IsRamping(DateTimeOffset now) => now - Start < Duration;
}
