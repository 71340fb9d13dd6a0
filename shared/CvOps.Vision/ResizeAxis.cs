namespace CvOps.Vision;

/// <summary>One axis of a bilinear resize with half-pixel centres: for each target pixel two source pixels and their weights.</summary>
internal sealed class ResizeAxis
{
    private ResizeAxis(int count)
    {
        First = new int[count];
        Second = new int[count];
        FirstWeight = new short[count];
        SecondWeight = new short[count];
    }

    public int[] First { get; }

    public int[] Second { get; }

    /// <summary>In 1/2048; unused by <see cref="Exact"/>.</summary>
    public short[] FirstWeight { get; }

    /// <summary>In 1/2048; in 1/32768 by <see cref="Exact"/>.</summary>
    public short[] SecondWeight { get; }

    /// <summary>The numbers of OpenCV's INTER_LINEAR on 8-bit pictures, so that a tensor made here equals the one a model was trained with.</summary>
    /// <param name="from">First target pixel wanted.</param>
    /// <param name="count">How many.</param>
    /// <param name="keepEdgeWeights">OpenCV gives all weight to the outermost column, but keeps both weights on a repeated outermost row.</param>
    public static ResizeAxis OpenCv(int source, int target, int from, int count, bool keepEdgeWeights)
    {
        const int one = 2048;
        var axis = new ResizeAxis(count);
        var scale = 1.0 / (target / (double)source);
        for (var i = 0; i < count; i++)
        {
            var position = (float)((from + i + 0.5) * scale - 0.5);
            var index = (int)MathF.Floor(position);
            var fraction = position - index;
            if (!keepEdgeWeights && (index < 0 || index >= source - 1)) fraction = 0;
            axis.First[i] = Math.Clamp(index, 0, source - 1);
            axis.Second[i] = Math.Clamp(index + 1, 0, source - 1);
            axis.FirstWeight[i] = (short)MathF.Round((1f - fraction) * one);
            axis.SecondWeight[i] = (short)MathF.Round(fraction * one);
        }
        return axis;
    }

    /// <summary>The definition to 15 bits.</summary>
    /// <inheritdoc cref="OpenCv" path="/param"/>
    public static ResizeAxis Exact(int source, int target, int from, int count)
    {
        var axis = new ResizeAxis(count);
        for (var i = 0; i < count; i++)
        {
            // In whole numbers: (2 * (from + i) + 1) * source / (2 * target) - 1/2 has no rounding before the last step.
            var numerator = (2L * (from + i) + 1) * source - target;
            var index = (int)Math.Floor(numerator / (2.0 * target));
            var fraction = (numerator - 2L * target * index) / (2.0 * target);
            axis.First[i] = Math.Clamp(index, 0, source - 1);
            axis.Second[i] = Math.Clamp(index + 1, 0, source - 1);
            axis.SecondWeight[i] = (short)Math.Min(short.MaxValue, Math.Round(fraction * 32768));
        }
        return axis;
    }
}
