using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CvOps.Vision.Preprocessing;

/// <inheritdoc cref="IWords{T}"/>
internal readonly struct Words256(Vector256<short> value) : IWords<Words256>
{
    private readonly Vector256<short> _value = value;

    public static int Count => Vector256<short>.Count;

    public static bool IsSupported => Avx2.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Load(ref readonly short source, int offset) => new(Vector256.LoadUnsafe(in source, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Load(ref readonly byte source, int offset) => new(Vector256.LoadUnsafe(in source, (nuint)offset).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Widen(ref readonly byte source, int offset) => new(Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(in source, (nuint)offset)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 All(short value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator +(Words256 left, Words256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator -(Words256 left, Words256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator &(Words256 left, Words256 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator ^(Words256 left, Words256 right) => new(left._value ^ right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator <<(Words256 value, int bits) => new(value._value << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator >>(Words256 value, int bits) => new(value._value >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 AddSaturate(Words256 left, Words256 right) => new(Vector256.AddSaturate(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Clamp(Words256 value, Words256 low, Words256 high) => new(Vector256.Min(Vector256.Max(value._value, low._value), high._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 MultiplyHigh(Words256 left, Words256 right) => new(Avx2.MultiplyHigh(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 MultiplyRounded(Words256 left, Words256 right) => new(Avx2.MultiplyHighRoundScale(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 MultiplyAddBytes(Words256 pairs, Words256 weights) => new(Avx2.MultiplyAddAdjacent(pairs._value.AsByte(), weights._value.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 AddProducts(Words256 total, Words256 left, Words256 right) => new((total._value.AsInt32() + Avx2.MultiplyAddAdjacent(left._value, right._value)).AsInt16());

    public static long Total(Words256 sums)
    {
        var (low, high) = Vector256.Widen(sums._value.AsInt32());
        return Vector256.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref short target, int offset) => _value.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreScaled(ref float target, int offset, float mean, float gain)
    {
        var (low, high) = Vector256.Widen(_value);
        ((Vector256.ConvertToSingle(low) - Vector256.Create(mean)) * gain).StoreUnsafe(ref target, (nuint)offset);
        ((Vector256.ConvertToSingle(high) - Vector256.Create(mean)) * gain).StoreUnsafe(ref target, (nuint)(offset + Vector256<float>.Count));
    }
}
