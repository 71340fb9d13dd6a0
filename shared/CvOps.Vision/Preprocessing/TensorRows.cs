using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Preprocessing;

/// <summary>Puts rows of floats, one a channel, into a tensor of any element type and layout.</summary>
internal sealed class TensorRows
{
    private readonly InputSpec _spec;
    private readonly AlignedRow<float>[] _channels;
    private readonly AlignedRow<float> _interleaved;

    public TensorRows(InputSpec spec)
    {
        _spec = spec;
        _channels = [.. Enumerable.Range(0, 3).Select(_ => new AlignedRow<float>(spec.Width))];
        _interleaved = new AlignedRow<float>(3 * spec.Width);
    }

    /// <summary>True when a row of floats is a row of the tensor as it is.</summary>
    public bool IsPlain => _spec is { ElementType: ElementType.Float32, Layout: TensorLayout.Nchw };

    /// <summary>A channel's row, to be filled before <see cref="Store"/>. Registers may be written behind its end.</summary>
    public AlignedRow<float> Channel(int channel) => _channels[channel];

    /// <summary>Writes the rows of the first <paramref name="channels"/> channels as row <paramref name="y"/>.</summary>
    public void Store(Span<byte> tensor, int channels, int y)
    {
        var plane = tensor.Length / channels;
        var rowBytes = plane / _spec.Height;
        if (_spec.Layout == TensorLayout.Nhwc && channels > 1)
        {
            Interleave();
            Convert(_interleaved.Span, tensor.Slice(y * channels * rowBytes, channels * rowBytes));
            return;
        }
        for (var channel = 0; channel < channels; channel++) Convert(_channels[channel].Span, tensor.Slice(channel * plane + y * rowBytes, rowBytes));
    }

    /// <summary>Span.Fill, begun on a cache line: across lines it takes four times as long.</summary>
    public static unsafe void Fill(Span<float> target, float value)
    {
        var past = (int)((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(target)) % 64);
        var lead = Math.Min(target.Length, (64 - past) % 64 / sizeof(float));
        target[..lead].Fill(value);
        target[lead..].Fill(value);
    }

    private void Interleave()
    {
        var first = _channels[0].Span;
        var second = _channels[1].Span[..first.Length];
        var third = _channels[2].Span[..first.Length];
        var target = _interleaved.Span[..(3 * first.Length)];
        for (var x = 0; x < first.Length; x++)
        {
            target[3 * x] = first[x];
            target[3 * x + 1] = second[x];
            target[3 * x + 2] = third[x];
        }
    }

    private void Convert(ReadOnlySpan<float> row, Span<byte> target)
    {
        switch (_spec.ElementType)
        {
            case ElementType.Float32:
                MemoryMarshal.AsBytes(row).CopyTo(target);
                break;
            case ElementType.Float16:
                TensorPrimitives.ConvertToHalf(row, MemoryMarshal.Cast<byte, Half>(target));
                break;
            default:
                ToBytes(row, target);
                break;
        }
    }

    private static void ToBytes(ReadOnlySpan<float> row, Span<byte> target)
    {
        var x = 0;
        for (; x + Vector128<byte>.Count <= row.Length; x += Vector128<byte>.Count)
        {
            Vector128.Narrow(Vector128.Narrow(Whole(row[x..]), Whole(row[(x + 4)..])), Vector128.Narrow(Whole(row[(x + 8)..]), Whole(row[(x + 12)..]))).AsByte().CopyTo(target[x..]);
        }
        for (; x < row.Length; x++) target[x] = (byte)Math.Clamp(MathF.Round(row[x]), 0, 255);
    }

    private static Vector128<int> Whole(ReadOnlySpan<float> values) =>
        Vector128.ConvertToInt32(Vector128.Round(Vector128.Min(Vector128.Max(Vector128.Create(values), Vector128<float>.Zero), Vector128.Create(255f))));
}
