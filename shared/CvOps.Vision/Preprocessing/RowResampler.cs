using System.Runtime.CompilerServices;

namespace CvOps.Vision.Preprocessing;

/// <summary>
/// Bilinear resampling in two steps: a source row to the tensor's columns, then two such rows to a row of the tensor. One plane of 16-bit
/// numbers a channel, B, G, R or grey alone.
/// </summary>
internal abstract class RowResampler(int width, int planes)
{
    /// <summary>Columns of the tensor that the picture fills.</summary>
    public int Width { get; } = width;

    public int Planes { get; } = planes;

    /// <summary>To be called before the first row of each picture.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Resamples a source row to the tensor's columns.</summary>
    /// <param name="row">Of the picture.</param>
    public abstract void Columns(PictureView picture, int row, AlignedRow<short>[] target);

    /// <summary>Makes a row of the tensor, (pixel - mean) * gain, of two resampled rows.</summary>
    /// <param name="y">Row of the tensor, counted from the first that the picture fills.</param>
    /// <param name="target">Whole registers are written; the last one is moved back to end with <paramref name="width"/>.</param>
    /// <param name="width">At least 32.</param>
    public abstract void Rows(AlignedRow<short> upper, AlignedRow<short> lower, int y, ref float target, int width, float mean, float gain);

    /// <summary>The two source rows of a row of the tensor, counted from the window's first; equal when one is enough.</summary>
    public abstract (int Upper, int Lower) SourceRows(int y);

    /// <summary>
    /// Where a kernel goes on after its first register, so that all later ones begin on whole registers of memory: a store across two cache
    /// lines costs several that are not.
    /// </summary>
    /// <returns>1 to T.Count.</returns>
    protected static unsafe int Lead<T>(ref float target) where T : struct, IWords<T>
    {
        var register = T.Count * sizeof(float) / 2;
        var past = (int)((nuint)Unsafe.AsPointer(ref target) % (nuint)register);
        return past == 0 ? T.Count : Math.Max(1, (register - past) / sizeof(float));
    }

    /// <summary>Offsets of the pairs of samples that <paramref name="axis"/> blends.</summary>
    protected static int[] Pairs(ResizeAxis axis, Func<int, int> offset)
    {
        var offsets = new int[2 * axis.First.Length];
        for (var x = 0; x < axis.First.Length; x++)
        {
            offsets[2 * x] = offset(axis.First[x]);
            offsets[2 * x + 1] = offset(axis.Second[x]);
        }
        return offsets;
    }
}
