using CvOps.Contracts.Packages;

namespace CvOps.Vision.Packaging;

/// <summary>
/// A manifest's preprocessing as its words say it, one number at a time in doubles: no table, no vector, no fused pass, and nothing shared with
/// <see cref="PreprocessPlan"/>. Golden vectors are made with it, so that a defect of the agent's fast path can't vouch for itself.
/// </summary>
/// <param name="bgr">Rows of B,G,R bytes.</param>
internal sealed class ReferencePreprocess(InputSpec spec, byte[] bgr, int width, int height)
{
    // In fractions of the picture: far below a pixel, far above what doubles lose.
    private const double OnTheEdge = 1e-9;

    private readonly HashSet<int> _ties = [];

    /// <summary>Tensor positions (row x width + column) whose centres lie on the region's very edge: rounding alone says on which side.</summary>
    public IReadOnlySet<int> Ties => _ties;

    /// <summary>The first tile's tensor.</summary>
    /// <param name="channels">3, or 1 for a grey model of one channel.</param>
    /// <returns>[1, channels, height, width], or NHWC as the manifest says; not yet rounded to its element type.</returns>
    public float[] Tensor(int channels)
    {
        var window = Window();
        var (scaledWidth, scaledHeight, left, top) = Placed(window.Width, window.Height);
        var tensor = new float[channels * spec.Width * spec.Height];
        for (var y = 0; y < spec.Height; y++)
        {
            for (var x = 0; x < spec.Width; x++)
            {
                // Pixels lie at half-integer centres on both sides.
                var sourceX = window.X + (x - left + 0.5) * window.Width / scaledWidth;
                var sourceY = window.Y + (y - top + 0.5) * window.Height / scaledHeight;
                var inside = x >= left && x < left + scaledWidth && y >= top && y < top + scaledHeight && Seen(sourceX / width, sourceY / height, y * spec.Width + x);
                for (var channel = 0; channel < channels; channel++)
                {
                    var pixel = inside ? Pixel(sourceX, sourceY, channel, window) : spec.Pad;
                    var at = spec.Layout == TensorLayout.Nchw ? (channel * spec.Height + y) * spec.Width + x : (y * spec.Width + x) * channels + channel;
                    tensor[at] = (float)((pixel - spec.Mean[channel]) / spec.Std[channel]);
                }
            }
        }

        return tensor;
    }

    /// <summary>The crop, or the first tile of it, in whole pixels.</summary>
    private (int X, int Y, int Width, int Height) Window()
    {
        var (x, y, w, h) = (0, 0, width, height);
        if (spec.Crop is { } crop)
        {
            x = Math.Min(width - 1, Nearest(crop.X * width));
            y = Math.Min(height - 1, Nearest(crop.Y * height));
            w = Math.Clamp(Nearest((crop.X + crop.Width) * width), x + 1, width) - x;
            h = Math.Clamp(Nearest((crop.Y + crop.Height) * height), y + 1, height) - y;
        }

        if (spec.Tiles is { } tiles) (w, h) = (Tile(w, tiles.Columns, tiles.Overlap), Tile(h, tiles.Rows, tiles.Overlap));
        return (x, y, w, h);
    }

    /// <summary>So many tiles of this length, each over its neighbour by the overlap, make the side.</summary>
    private static int Tile(int side, int count, double overlap) => Math.Min(side, (int)Math.Ceiling(side / (count - (count - 1) * overlap)));

    private (int Width, int Height, int Left, int Top) Placed(int w, int h)
    {
        if (spec.Resize == ResizeMode.Stretch) return (spec.Width, spec.Height, 0, 0);
        var scale = spec.Resize == ResizeMode.CentreCrop
            ? (spec.ShortSide ?? Math.Max(spec.Width, spec.Height)) / (double)Math.Min(w, h)
            : Math.Min(spec.Width / (double)w, spec.Height / (double)h);
        var (scaledWidth, scaledHeight) = (Math.Max(1, Nearest(w * scale)), Math.Max(1, Nearest(h * scale)));
        return spec.Resize switch
        {
            ResizeMode.LetterboxTopLeft => (scaledWidth, scaledHeight, 0, 0),
            ResizeMode.LetterboxCentre => (scaledWidth, scaledHeight, (spec.Width - scaledWidth) / 2, (spec.Height - scaledHeight) / 2),
            _ => (scaledWidth, scaledHeight, -((scaledWidth - spec.Width) / 2), -((scaledHeight - spec.Height) / 2)),
        };
    }

    /// <summary>Whether a point, in fractions of the picture, lies in the region of interest, by the even-odd rule.</summary>
    private bool Seen(double x, double y, int position)
    {
        if (spec.Roi is not { } roi) return true;
        var seen = false;
        for (var i = 0; i < roi.Count; i++)
        {
            var (a, b) = (roi[i], roi[(i + 1) % roi.Count]);
            if (Math.Abs(a.Y - y) < OnTheEdge) _ties.Add(position);
            if (a.Y > y == b.Y > y) continue;
            var crossing = a.X + (y - a.Y) / (b.Y - a.Y) * (b.X - a.X);
            if (Math.Abs(crossing - x) < OnTheEdge) _ties.Add(position);
            if (crossing <= x) seen = !seen;
        }

        return seen;
    }

    /// <summary>Bilinear among the window's pixels, the outermost ones repeated beyond its edge.</summary>
    private double Pixel(double x, double y, int channel, (int X, int Y, int Width, int Height) window)
    {
        var (column, row) = ((int)Math.Floor(x - 0.5), (int)Math.Floor(y - 0.5));
        var (right, lower) = (x - 0.5 - column, y - 0.5 - row);
        return (1 - lower) * ((1 - right) * At(column, row) + right * At(column + 1, row)) + lower * ((1 - right) * At(column, row + 1) + right * At(column + 1, row + 1));

        double At(int atX, int atY)
        {
            var first = 3 * (Math.Clamp(atY, window.Y, window.Y + window.Height - 1) * width + Math.Clamp(atX, window.X, window.X + window.Width - 1));
            return spec.Channels switch
            {
                ChannelOrder.Bgr => bgr[first + channel],
                ChannelOrder.Rgb => bgr[first + 2 - channel],
                // ITU-R BT.601.
                _ => 0.114 * bgr[first] + 0.587 * bgr[first + 1] + 0.299 * bgr[first + 2],
            };
        }
    }

    /// <summary>Halves to even, as Python rounds.</summary>
    private static int Nearest(double value) => (int)Math.Round(value);
}
