using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace CvOps.Vision.Preprocessing;

/// <inheritdoc cref="IWords{T}"/>
internal readonly struct Words128(Vector128<short> value) : IWords<Words128>
{
    private readonly Vector128<short> _value = value;

    public static int Count => Vector128<short>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 Load(ref readonly short source, int offset) => new(Vector128.LoadUnsafe(in source, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 Load(ref readonly byte source, int offset) => new(Vector128.LoadUnsafe(in source, (nuint)offset).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 Widen(ref readonly byte source, int offset) => new(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(in Unsafe.Add(ref Unsafe.AsRef(in source), offset))).AsByte()).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 All(short value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 operator +(Words128 left, Words128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 operator -(Words128 left, Words128 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 operator &(Words128 left, Words128 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 operator ^(Words128 left, Words128 right) => new(left._value ^ right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 operator <<(Words128 value, int bits) => new(value._value << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 operator >>(Words128 value, int bits) => new(value._value >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 AddSaturate(Words128 left, Words128 right) => new(Vector128.AddSaturate(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 Clamp(Words128 value, Words128 low, Words128 high) => new(Vector128.Min(Vector128.Max(value._value, low._value), high._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 MultiplyHigh(Words128 left, Words128 right)
    {
        if (Sse2.IsSupported) return new(Sse2.MultiplyHigh(left._value, right._value));
        var (low, high) = Multiply(left, right);
        return new(Vector128.Narrow(low >> 16, high >> 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 MultiplyRounded(Words128 left, Words128 right)
    {
        if (Ssse3.IsSupported) return new(Ssse3.MultiplyHighRoundScale(left._value, right._value));
        if (AdvSimd.IsSupported) return new(AdvSimd.MultiplyRoundedDoublingSaturateHigh(left._value, right._value));
        var (low, high) = Multiply(left, right);
        var half = Vector128.Create(0x4000);
        return new(Vector128.Narrow((low + half) >> 15, (high + half) >> 15));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 MultiplyAddBytes(Words128 pairs, Words128 weights)
    {
        if (Ssse3.IsSupported) return new(Ssse3.MultiplyAddAdjacent(pairs._value.AsByte(), weights._value.AsSByte()));
        var lowBytes = Vector128.Create((short)0xFF);
        return new((pairs._value & lowBytes) * (weights._value << 8 >> 8) + (pairs._value >>> 8) * (weights._value >> 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words128 AddProducts(Words128 total, Words128 left, Words128 right)
    {
        if (Sse2.IsSupported) return new((total._value.AsInt32() + Sse2.MultiplyAddAdjacent(left._value, right._value)).AsInt16());
        // Which of the sums a product is added to does not matter: they are added up in the end.
        var (low, high) = Multiply(left, right);
        return new((total._value.AsInt32() + low + high).AsInt16());
    }

    public static long Total(Words128 sums)
    {
        var (low, high) = Vector128.Widen(sums._value.AsInt32());
        return Vector128.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref short target, int offset) => _value.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreScaled(ref float target, int offset, float mean, float gain)
    {
        var (low, high) = Vector128.Widen(_value);
        ((Vector128.ConvertToSingle(low) - Vector128.Create(mean)) * gain).StoreUnsafe(ref target, (nuint)offset);
        ((Vector128.ConvertToSingle(high) - Vector128.Create(mean)) * gain).StoreUnsafe(ref target, (nuint)(offset + Vector128<float>.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<int> Low, Vector128<int> High) Multiply(Words128 left, Words128 right)
    {
        var (leftLow, leftHigh) = Vector128.Widen(left._value);
        var (rightLow, rightHigh) = Vector128.Widen(right._value);
        return (leftLow * rightLow, leftHigh * rightHigh);
    }
}
