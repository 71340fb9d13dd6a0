using CvOps.Contracts.Packages;

namespace CvOps.Vision;

/// <summary>A rectangle of whole pixels of a picture.</summary>
internal readonly record struct SourceWindow(int X, int Y, int Width, int Height)
{
    /// <summary>What each tile of a spec shows of a picture; one window when the spec has no tiles. None is empty.</summary>
    public static SourceWindow[] Of(InputSpec spec, int width, int height)
    {
        var crop = spec.Crop is { } rectangle ? Cut(rectangle, width, height) : new SourceWindow(0, 0, width, height);
        if (spec.Tiles is not { } grid) return [crop];
        var columns = Steps(crop.Width, grid.Columns, grid.Overlap, out var tileWidth);
        var rows = Steps(crop.Height, grid.Rows, grid.Overlap, out var tileHeight);
        return [.. rows.SelectMany(y => columns.Select(x => new SourceWindow(crop.X + x, crop.Y + y, tileWidth, tileHeight)))];
    }

    private static SourceWindow Cut(PictureRectangle crop, int width, int height)
    {
        var left = Math.Min(width - 1, (int)Math.Round(crop.X * width));
        var top = Math.Min(height - 1, (int)Math.Round(crop.Y * height));
        var right = Math.Clamp((int)Math.Round((crop.X + crop.Width) * width), left + 1, width);
        var bottom = Math.Clamp((int)Math.Round((crop.Y + crop.Height) * height), top + 1, height);
        return new(left, top, right - left, bottom - top);
    }

    /// <summary>Where tiles of one size begin: the first at 0, the last ends with the side, and rounding opens no gap between them.</summary>
    private static int[] Steps(int side, int count, double overlap, out int tile)
    {
        var length = tile = Math.Min(side, (int)Math.Ceiling(side / (count - (count - 1) * overlap)));
        return [.. Enumerable.Range(0, count).Select(i => count == 1 ? 0 : (int)Math.Round(i * (double)(side - length) / (count - 1)))];
    }
}
