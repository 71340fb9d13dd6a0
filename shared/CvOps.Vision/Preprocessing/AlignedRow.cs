using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CvOps.Vision.Preprocessing;

/// <summary>
/// A scratch row that begins on a cache line and has a register's width of slack behind its end, so that kernels load and store whole registers
/// only. The slack holds whatever was left there.
/// </summary>
internal sealed class AlignedRow<T> where T : unmanaged
{
    private const int Line = 64;
    private readonly T[] _pinned;
    private readonly int _start;

    public AlignedRow(int length)
    {
        var size = Unsafe.SizeOf<T>();
        Length = length;
        _pinned = GC.AllocateArray<T>(length + 3 * Line / size, pinned: true);
        _start = (int)((Line - Marshal.UnsafeAddrOfPinnedArrayElement(_pinned, 0) % Line) % Line / size);
    }

    public int Length { get; }

    /// <summary>The row's first element; two cache lines may be read and written from its end on.</summary>
    public ref T First => ref _pinned[_start];

    public Span<T> Span => _pinned.AsSpan(_start, Length);
}
