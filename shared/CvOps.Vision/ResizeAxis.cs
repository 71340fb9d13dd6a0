namespace CvOps.Vision;

/// <summary>
/// One axis of a bilinear resize with half-pixel centres: for each target pixel two source pixels and their weights in 1/2048.
/// The numbers are those of OpenCV's INTER_LINEAR on 8-bit pictures, so that a tensor made here equals the one a model was trained with.
/// </summary>
internal sealed class ResizeAxis
{
    /// <summary>Sum of a target pixel's two weights.</summary>
    public const int One = 2048;

    /// <param name="from">First target pixel wanted.</param>
    /// <param name="count">How many.</param>
    /// <param name="keepEdgeWeights">OpenCV gives all weight to the outermost column, but keeps both weights on a repeated outermost row.</param>
    public ResizeAxis(int source, int target, int from, int count, bool keepEdgeWeights)
    {
        First = new int[count];
        Second = new int[count];
        FirstWeight = new short[count];
        SecondWeight = new short[count];
        var scale = 1.0 / (target / (double)source);
        for (var i = 0; i < count; i++)
        {
            var position = (float)((from + i + 0.5) * scale - 0.5);
            var index = (int)MathF.Floor(position);
            var fraction = position - index;
            if (!keepEdgeWeights && (index < 0 || index >= source - 1)) fraction = 0;
            First[i] = Math.Clamp(index, 0, source - 1);
            Second[i] = Math.Clamp(index + 1, 0, source - 1);
            FirstWeight[i] = (short)MathF.Round((1f - fraction) * One);
            SecondWeight[i] = (short)MathF.Round(fraction * One);
        }
    }

    public int[] First { get; }

    public int[] Second { get; }

    public short[] FirstWeight { get; }

    public short[] SecondWeight { get; }
}
