using CvOps.Vision;

namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>A picture as a small square of mean greys, whatever its size and sides.</summary>
internal static class GreyThumbnail
{
    /// <returns>side x side means of (B + 2 G + R) / 4, 0..255, row by row. A picture smaller than that repeats its pixels.</returns>
    public static float[] Of(DecodedPicture picture, int side)
    {
        var data = picture.View.Data;
        var (width, height) = (picture.Width, picture.Height);
        var cells = new float[side * side];
        for (var row = 0; row < side; row++)
        {
            var (top, bottom) = Range(row, height, side);
            for (var column = 0; column < side; column++)
            {
                var (left, right) = Range(column, width, side);
                long sum = 0;
                for (var y = top; y < bottom; y++)
                {
                    var line = data.Slice((y * width + left) * 3, (right - left) * 3);
                    for (var i = 0; i < line.Length; i += 3) sum += line[i] + 2 * line[i + 1] + line[i + 2];
                }
                cells[row * side + column] = sum / (4f * (bottom - top) * (right - left));
            }
        }
        return cells;
    }

    private static (int From, int To) Range(int cell, int pixels, int side)
    {
        var from = (int)((long)cell * pixels / side);
        return (from, Math.Max(from + 1, (int)((long)(cell + 1) * pixels / side)));
    }
}
