using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CvOps.Vision.Preprocessing;

/// <inheritdoc cref="IWords{T}"/>
internal readonly struct Words512(Vector512<short> value) : IWords<Words512>
{
    private readonly Vector512<short> _value = value;

    public static int Count => Vector512<short>.Count;

    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Load(ref readonly short source, int offset) => new(Vector512.LoadUnsafe(in source, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Load(ref readonly byte source, int offset) => new(Vector512.LoadUnsafe(in source, (nuint)offset).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Widen(ref readonly byte source, int offset) => new(Avx512BW.ConvertToVector512Int16(Vector256.LoadUnsafe(in source, (nuint)offset)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 All(short value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator +(Words512 left, Words512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator -(Words512 left, Words512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator &(Words512 left, Words512 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator ^(Words512 left, Words512 right) => new(left._value ^ right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator <<(Words512 value, int bits) => new(value._value << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator >>(Words512 value, int bits) => new(value._value >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 AddSaturate(Words512 left, Words512 right) => new(Vector512.AddSaturate(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Clamp(Words512 value, Words512 low, Words512 high) => new(Vector512.Min(Vector512.Max(value._value, low._value), high._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 MultiplyHigh(Words512 left, Words512 right) => new(Avx512BW.MultiplyHigh(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 MultiplyRounded(Words512 left, Words512 right) => new(Avx512BW.MultiplyHighRoundScale(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 MultiplyAddBytes(Words512 pairs, Words512 weights) => new(Avx512BW.MultiplyAddAdjacent(pairs._value.AsByte(), weights._value.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 AddProducts(Words512 total, Words512 left, Words512 right) => new((total._value.AsInt32() + Avx512BW.MultiplyAddAdjacent(left._value, right._value)).AsInt16());

    public static long Total(Words512 sums)
    {
        var (low, high) = Vector512.Widen(sums._value.AsInt32());
        return Vector512.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref short target, int offset) => _value.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreScaled(ref float target, int offset, float mean, float gain)
    {
        var (low, high) = Vector512.Widen(_value);
        ((Vector512.ConvertToSingle(low) - Vector512.Create(mean)) * gain).StoreUnsafe(ref target, (nuint)offset);
        ((Vector512.ConvertToSingle(high) - Vector512.Create(mean)) * gain).StoreUnsafe(ref target, (nuint)(offset + Vector512<float>.Count));
    }
}
