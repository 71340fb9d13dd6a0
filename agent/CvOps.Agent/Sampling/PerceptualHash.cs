using CvOps.Vision;

namespace CvOps.Agent.Sampling;

/// <summary>
/// Difference hash of luma (dHash, Krawetz 2013): 9 x 8 cells, a bit for each cell that is darker than its right neighbour. Each cell is the mean of
/// 8 x 8 evenly spaced pixels, so that the cost does not grow with the picture. A constant picture is 0.
/// </summary>
internal static class PerceptualHash
{
    private const int Columns = 9;
    private const int Rows = 8;
    private const int Samples = 8;

    public static ulong Of(PictureView picture)
    {
        // Of B,G,R the green stands for luma.
        var (step, first) = picture.Format == PixelFormat.Bgr24 ? (3, 1) : (1, 0);
        var data = picture.Data;
        Span<int> offsets = stackalloc int[Columns * Samples];
        for (var i = 0; i < offsets.Length; i++) offsets[i] = (int)((2L * i + 1) * picture.Width / (2 * offsets.Length)) * step + first;
        Span<int> cells = stackalloc int[Columns];
        var hash = 0UL;
        for (var row = 0; row < Rows; row++)
        {
            cells.Clear();
            for (var sample = 0; sample < Samples; sample++)
            {
                var y = (int)((2L * (row * Samples + sample) + 1) * picture.Height / (2 * Rows * Samples));
                var line = data.Slice(y * picture.Width * step, picture.Width * step);
                for (var i = 0; i < offsets.Length; i++) cells[i / Samples] += line[offsets[i]];
            }
            for (var column = 0; column + 1 < Columns; column++) hash = hash << 1 | (cells[column] < cells[column + 1] ? 1UL : 0);
        }
        return hash;
    }
}
