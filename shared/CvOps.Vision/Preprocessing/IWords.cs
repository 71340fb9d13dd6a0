namespace CvOps.Vision.Preprocessing;

/// <summary>
/// A processor register of 16-bit integers, as wide as the processor has it. What each operation gives is defined lane by lane, in integers or
/// in single IEEE operations, so a kernel over any of the widths writes the same bytes.
/// </summary>
internal interface IWords<T> where T : struct, IWords<T>
{
    static abstract int Count { get; }

    static abstract T Load(ref readonly short source, int offset);

    static abstract T Load(ref readonly byte source, int offset);

    /// <summary>Bytes, each in a lane of its own.</summary>
    static abstract T Widen(ref readonly byte source, int offset);

    static abstract T All(short value);

    static abstract T operator +(T left, T right);

    static abstract T operator -(T left, T right);

    static abstract T operator &(T left, T right);

    static abstract T operator ^(T left, T right);

    static abstract T operator <<(T value, int bits);

    /// <summary>Arithmetic.</summary>
    static abstract T operator >>(T value, int bits);

    /// <summary>Sum that stops at -32768 and 32767.</summary>
    static abstract T AddSaturate(T left, T right);

    static abstract T Clamp(T value, T low, T high);

    /// <summary>(left * right) >> 16.</summary>
    static abstract T MultiplyHigh(T left, T right);

    /// <summary>(left * right + 0x4000) >> 15; not for -32768 on both sides.</summary>
    static abstract T MultiplyRounded(T left, T right);

    /// <summary>Each lane is two bytes: the low one, unsigned, times the low one of <paramref name="weights"/>, signed, plus the same of the
    /// high ones. The sum must fit 16 bits.</summary>
    static abstract T MultiplyAddBytes(T pairs, T weights);

    /// <summary>Two lanes of <paramref name="total"/> are one 32-bit sum: the products of the two lanes there are added to it.</summary>
    static abstract T AddProducts(T total, T left, T right);

    /// <summary>Sum of the 32-bit sums.</summary>
    static abstract long Total(T sums);

    void Store(ref short target, int offset);

    /// <summary>Writes (lane - mean) * gain, lane by lane.</summary>
    void StoreScaled(ref float target, int offset, float mean, float gain);
}
