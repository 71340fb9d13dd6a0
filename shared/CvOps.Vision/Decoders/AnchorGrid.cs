using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>The cells of a model without anchor boxes: stride by stride, row by row, as many as cover the input.</summary>
internal sealed class AnchorGrid
{
    private readonly (int Column, int Row, int Stride)[] _cells;

    public AnchorGrid(InputSpec input, IReadOnlyList<int> strides) =>
        _cells = [.. strides.SelectMany(stride =>
            from row in Enumerable.Range(0, Along(input.Height, stride))
            from column in Enumerable.Range(0, Along(input.Width, stride))
            select (column, row, stride))];

    public int Cells => _cells.Length;

    public (int Column, int Row, int Stride) this[int cell] => _cells[cell];

    /// <summary>Cells along a side of so many pixels.</summary>
    public static int Along(int side, int stride) => (side + stride - 1) / stride;
}
