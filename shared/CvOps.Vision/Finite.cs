using System.Numerics;
using System.Runtime.InteropServices;

namespace CvOps.Vision;

internal static class Finite
{
    /// <summary>Index of the first NaN or infinity; -1 when there is none.</summary>
    public static int FirstBad(ReadOnlySpan<float> values)
    {
        var i = 0;
        ref var first = ref MemoryMarshal.GetReference(values);
        // x - x is 0 for every finite number and NaN for the others, and NaN stays in a sum: memory sets the pace, not the test.
        for (; i + 4 * Vector<float>.Count <= values.Length; i += 4 * Vector<float>.Count)
        {
            var a = Vector.LoadUnsafe(ref first, (nuint)i);
            var b = Vector.LoadUnsafe(ref first, (nuint)(i + Vector<float>.Count));
            var c = Vector.LoadUnsafe(ref first, (nuint)(i + 2 * Vector<float>.Count));
            var d = Vector.LoadUnsafe(ref first, (nuint)(i + 3 * Vector<float>.Count));
            if (!Vector.EqualsAll(a - a + (b - b) + (c - c + (d - d)), Vector<float>.Zero)) break;
        }
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) return i;
        }
        return -1;
    }
}
