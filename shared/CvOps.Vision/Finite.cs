using System.Numerics;

namespace CvOps.Vision;

internal static class Finite
{
    /// <summary>Index of the first NaN or infinity; -1 when there is none.</summary>
    public static int FirstBad(ReadOnlySpan<float> values)
    {
        var i = 0;
        // x - x is 0 for every finite number and NaN for the others.
        for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            var lanes = new Vector<float>(values[i..]);
            if (!Vector.EqualsAll(lanes - lanes, Vector<float>.Zero)) break;
        }
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) return i;
        }
        return -1;
    }
}
