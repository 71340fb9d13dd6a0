using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>The cells of a grid over the whole input whose centres show the picture and not padding; ends are exclusive.</summary>
internal readonly record struct GridWindow(int Left, int Top, int Right, int Bottom)
{
    public static GridWindow Of(PreprocessPlan plan, int tile, InputSpec input, int columns, int rows)
    {
        var geometry = plan.Geometry(tile);
        var (left, right) = Range(geometry.OffsetX, geometry.Width, columns / (double)input.Width, columns);
        var (top, bottom) = Range(geometry.OffsetY, geometry.Height, rows / (double)input.Height, rows);
        return new(left, top, right, bottom);
    }

    public int Cells => Math.Max(Right - Left, 0) * Math.Max(Bottom - Top, 0);

    private static (int From, int To) Range(int offset, int length, double cellsAPixel, int cells) =>
        (Math.Clamp((int)Math.Ceiling(offset * cellsAPixel - 0.5), 0, cells), Math.Clamp((int)Math.Ceiling((offset + length) * cellsAPixel - 0.5), 0, cells));
}
