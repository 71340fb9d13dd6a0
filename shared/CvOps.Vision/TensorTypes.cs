using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>The element types of tensors that models are fed with and answer in.</summary>
internal static class TensorTypes
{
    public static int BytesOf(TensorElementType type) => type switch
    {
        TensorElementType.Double or TensorElementType.Int64 => 8,
        TensorElementType.Float or TensorElementType.Int32 => 4,
        TensorElementType.Float16 => 2,
        TensorElementType.UInt8 => 1,
        _ => throw new ModelException($"Tensors of {type} are not supported."),
    };

    /// <param name="values">At least as many as <paramref name="target"/> takes.</param>
    public static void ToFloat(ReadOnlySpan<byte> values, TensorElementType type, Span<float> target)
    {
        switch (type)
        {
            case TensorElementType.Float:
                MemoryMarshal.Cast<byte, float>(values)[..target.Length].CopyTo(target);
                break;
            case TensorElementType.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(values)[..target.Length], target);
                break;
            case TensorElementType.Double:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(values)[..target.Length], target);
                break;
            case TensorElementType.Int64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, long>(values)[..target.Length], target);
                break;
            case TensorElementType.Int32:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, int>(values)[..target.Length], target);
                break;
            default:
                TensorPrimitives.ConvertTruncating(values[..target.Length], target);
                break;
        }
    }

    public static void FromFloat(ReadOnlySpan<float> numbers, TensorElementType type, Span<byte> target)
    {
        switch (type)
        {
            case TensorElementType.Float:
                numbers.CopyTo(MemoryMarshal.Cast<byte, float>(target));
                break;
            case TensorElementType.Float16:
                TensorPrimitives.ConvertToHalf(numbers, MemoryMarshal.Cast<byte, Half>(target));
                break;
            default:
                for (var i = 0; i < numbers.Length; i++) target[i] = (byte)Math.Clamp(MathF.Round(numbers[i]), 0, 255);
                break;
        }
    }
}
