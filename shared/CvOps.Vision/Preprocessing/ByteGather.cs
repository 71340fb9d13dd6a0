using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CvOps.Vision.Preprocessing;

/// <summary>
/// Copies chosen bytes of a row, for each of its interleaved channels: targets[c][i] = row[offsets[i] + c]. Offsets that mostly rise lie close
/// together, so a shuffle of one register (or of two wide ones) moves as many of them at once as fit its window.
/// </summary>
internal sealed class ByteGather
{
    private const int WideWindow = 128;
    private const int NarrowWindow = 16;

    private readonly int _rowBytes, _count, _step;
    private readonly bool _wide, _transposed;
    private readonly int[] _starts;
    private readonly AlignedRow<byte> _indices;

    /// <param name="offsets">Of the first channel.</param>
    /// <param name="channels">1 to 3.</param>
    /// <param name="rowBytes">Least length of a row.</param>
    public ByteGather(int[] offsets, int channels, int rowBytes)
    {
        (_rowBytes, _count) = (rowBytes, offsets.Length);
        _wide = Avx512Vbmi.IsSupported && rowBytes >= WideWindow && Fits(offsets, 16, WideWindow - channels + 1);
        var window = _wide ? WideWindow : Math.Min(NarrowWindow, rowBytes);
        var register = _wide ? Vector512<byte>.Count : NarrowWindow;
        _step = register;
        while (!Fits(offsets, _step, window - channels + 1)) _step -= _step > 2 ? 2 : 1;

        // Steps of four bytes, put in order four by four, are quicker than steps of six stored one by one.
        if (!_wide && Sse2.IsSupported && channels == 3 && _step is 4 or 6 && rowBytes >= NarrowWindow) (_transposed, _step) = (true, 4);

        // Every step has a whole register of indices, though it may use the first of them only: the next step writes over the rest.
        var steps = (_count + _step - 1) / _step;
        _starts = new int[steps];
        _indices = new AlignedRow<byte>(steps * register);
        for (var i = 0; i < steps; i++)
        {
            var chunk = offsets.AsSpan(i * _step, Math.Min(_step, _count - i * _step));
            _starts[i] = Math.Min(Least(chunk), rowBytes - window);
            for (var j = 0; j < chunk.Length; j++)
            {
                var index = (byte)(chunk[j] - _starts[i]);
                _indices.Span[i * register + j] = index;
                if (_transposed) (_indices.Span[i * register + 4 + j], _indices.Span[i * register + 8 + j]) = ((byte)(index + 1), (byte)(index + 2));
            }
        }
    }

    /// <param name="targets">One a channel.</param>
    public void Run(ReadOnlySpan<byte> row, ReadOnlySpan<AlignedRow<byte>> targets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row.Length, _rowBytes);
        foreach (var target in targets) ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, _count);
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var first = ref targets[0].First;
        ref var second = ref targets[targets.Length > 1 ? 1 : 0].First;
        ref var third = ref targets[^1].First;
        if (_wide) Wide(ref source, targets.Length, ref first, ref second, ref third);
        else if (_transposed) Transposed(ref source, ref first, ref second, ref third);
        else if (_rowBytes >= NarrowWindow) Narrow(ref source, targets.Length, ref first, ref second, ref third);
        else
        {
            for (var i = 0; i < _count; i++)
            {
                var at = _starts[i / _step] + Unsafe.Add(ref _indices.First, i / _step * NarrowWindow + i % _step);
                for (var channel = 0; channel < targets.Length; channel++) targets[channel].Span[i] = row[at + channel];
            }
        }
    }

    private void Wide(ref byte source, int channels, ref byte first, ref byte second, ref byte third)
    {
        ref var indices = ref _indices.First;
        for (var i = 0; i < _starts.Length; i++)
        {
            ref var window = ref Unsafe.Add(ref source, _starts[i]);
            var (low, high) = (Vector512.LoadUnsafe(ref window), Vector512.LoadUnsafe(ref window, 64));
            var index = Vector512.LoadUnsafe(ref indices, (nuint)(64 * i));
            var to = (nuint)(_step * i);
            Avx512Vbmi.PermuteVar64x8x2(low, index, high).StoreUnsafe(ref first, to);
            if (channels == 1) continue;
            Avx512Vbmi.PermuteVar64x8x2(low, index + Vector512<byte>.One, high).StoreUnsafe(ref second, to);
            if (channels == 2) continue;
            Avx512Vbmi.PermuteVar64x8x2(low, index + Vector512.Create((byte)2), high).StoreUnsafe(ref third, to);
        }
    }

    /// <summary>Four steps at once, each with four bytes of three channels.</summary>
    private void Transposed(ref byte source, ref byte first, ref byte second, ref byte third)
    {
        ref var indices = ref _indices.First;
        for (var i = 0; i < _starts.Length; i += 4)
        {
            var (a, b) = (Shuffled(ref source, ref indices, i), Shuffled(ref source, ref indices, i + 1));
            var (c, d) = (Shuffled(ref source, ref indices, i + 2), Shuffled(ref source, ref indices, i + 3));
            var (upper, lower) = (Sse2.UnpackLow(a, b).AsUInt64(), Sse2.UnpackLow(c, d).AsUInt64());
            var to = (nuint)(_step * i);
            Sse2.UnpackLow(upper, lower).AsByte().StoreUnsafe(ref first, to);
            Sse2.UnpackHigh(upper, lower).AsByte().StoreUnsafe(ref second, to);
            Sse2.UnpackLow(Sse2.UnpackHigh(a, b).AsUInt64(), Sse2.UnpackHigh(c, d).AsUInt64()).AsByte().StoreUnsafe(ref third, to);
        }
    }

    // The last steps are repeated where there are no four.
    private Vector128<uint> Shuffled(ref byte source, ref byte indices, int step)
    {
        step = Math.Min(step, _starts.Length - 1);
        return Vector128.ShuffleNative(Vector128.LoadUnsafe(ref source, (nuint)_starts[step]), Vector128.LoadUnsafe(ref indices, (nuint)(NarrowWindow * step))).AsUInt32();
    }

    private void Narrow(ref byte source, int channels, ref byte first, ref byte second, ref byte third)
    {
        ref var indices = ref _indices.First;
        for (var i = 0; i < _starts.Length; i++)
        {
            var window = Vector128.LoadUnsafe(ref source, (nuint)_starts[i]);
            var index = Vector128.LoadUnsafe(ref indices, (nuint)(NarrowWindow * i));
            var to = (nuint)(_step * i);
            Vector128.ShuffleNative(window, index).StoreUnsafe(ref first, to);
            if (channels == 1) continue;
            Vector128.ShuffleNative(window, index + Vector128<byte>.One).StoreUnsafe(ref second, to);
            if (channels == 2) continue;
            Vector128.ShuffleNative(window, index + Vector128.Create((byte)2)).StoreUnsafe(ref third, to);
        }
    }

    private static bool Fits(int[] offsets, int step, int window)
    {
        if (step == 1) return true;
        for (var i = 0; i < offsets.Length; i += step)
        {
            var chunk = offsets.AsSpan(i, Math.Min(step, offsets.Length - i));
            var most = 0;
            foreach (var offset in chunk) most = Math.Max(most, offset);
            if (most - Least(chunk) >= window) return false;
        }
        return true;
    }

    private static int Least(ReadOnlySpan<int> offsets)
    {
        var least = offsets[0];
        foreach (var offset in offsets) least = Math.Min(least, offset);
        return least;
    }
}
