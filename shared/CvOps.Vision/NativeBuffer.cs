using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>Zeroed memory that stays where it is, aligned for the widest vectors; the tensors the runtime reads and writes lie in it.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Alignment = 64;

    private readonly int _length;
    private void* _start;

    public NativeBuffer(int length)
    {
        _length = length;
        _start = NativeMemory.AlignedAlloc((nuint)Math.Max(length, Alignment), Alignment);
        Bytes.Clear();
    }

    public Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            return new(_start, _length);
        }
    }

    /// <summary>A view of part of the buffer, which must outlive it.</summary>
    /// <param name="first">In elements.</param>
    public OrtValue Tensor(TensorElementType type, long[] shape, int first, int count)
    {
        var size = TensorTypes.BytesOf(type);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (IntPtr)((byte*)_start + (long)first * size), (long)count * size);
    }

    public void Dispose()
    {
        if (_start is null) return;
        NativeMemory.AlignedFree(_start);
        _start = null;
        GC.SuppressFinalize(this);
    }

    ~NativeBuffer() => NativeMemory.AlignedFree(_start);
}
