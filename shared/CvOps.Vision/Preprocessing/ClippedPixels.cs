using System.Numerics;
using System.Runtime.InteropServices;

namespace CvOps.Vision.Preprocessing;

/// <summary>Pixels at both ends of the scale, within two levels of full-range luma.</summary>
internal struct ClippedPixels(bool limited)
{
    private readonly byte _black = (byte)(limited ? 17 : 2);
    private readonly byte _white = (byte)(limited ? 234 : 253);

    public long Black { get; private set; }

    public long White { get; private set; }

    public void Add(ReadOnlySpan<byte> row)
    {
        var (low, high) = (new Vector<byte>(_black), new Vector<byte>(_white));
        var registers = MemoryMarshal.Cast<byte, Vector<byte>>(row);
        for (var start = 0; start < registers.Length; start += byte.MaxValue)
        {
            // A lane that matches is 255, so that subtracting it counts one; 255 of them fit the lane.
            var (black, white) = (Vector<byte>.Zero, Vector<byte>.Zero);
            foreach (var pixels in registers[start..Math.Min(registers.Length, start + byte.MaxValue)])
            {
                black -= Vector.LessThanOrEqual(pixels, low);
                white -= Vector.GreaterThanOrEqual(pixels, high);
            }
            Black += Sum(black);
            White += Sum(white);
        }
        foreach (var pixel in row[(registers.Length * Vector<byte>.Count)..])
        {
            if (pixel <= _black) Black++;
            if (pixel >= _white) White++;
        }
    }

    private static long Sum(Vector<byte> counts)
    {
        Vector.Widen(counts, out var low, out var high);
        return Vector.Sum(low + high);
    }
}
