using CvOps.Vision;

namespace CvOps.Agent.Offline.Drawing;

/// <summary>A picture of B,G,R bytes to draw on. What lies outside is left out. Refilled for each picture.</summary>
internal sealed class Canvas
{
    private byte[] _bgr = [];

    public int Width { get; private set; }

    public int Height { get; private set; }

    public PictureView Picture => new(_bgr, Width, Height, PixelFormat.Bgr24);

    /// <summary>Begins anew with a copy of the picture.</summary>
    public void Show(PictureView picture)
    {
        (Width, Height) = (picture.Width, picture.Height);
        var bytes = PictureView.SizeOf(Width, Height, PixelFormat.Bgr24);
        if (_bgr.Length < bytes) _bgr = new byte[bytes];
        PictureRows.ToBgr(picture, _bgr);
    }

    public Colour this[int x, int y] => new(_bgr[3 * (y * Width + x)], _bgr[3 * (y * Width + x) + 1], _bgr[3 * (y * Width + x) + 2]);

    /// <summary>Columns left..right and rows top..bottom, the last ones excluded.</summary>
    public void Fill(int left, int top, int right, int bottom, Colour colour)
    {
        (left, right) = (Math.Max(0, left), Math.Min(Width, right));
        (top, bottom) = (Math.Max(0, top), Math.Min(Height, bottom));
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++) Put(x, y, colour);
        }
    }

    /// <summary>A frame whose outer edge is the rectangle's; the last column and row are excluded.</summary>
    public void Frame(int left, int top, int right, int bottom, int thickness, Colour colour)
    {
        thickness = Math.Min(thickness, Math.Max(1, Math.Min(right - left, bottom - top) / 2));
        Fill(left, top, right, top + thickness, colour);
        Fill(left, bottom - thickness, right, bottom, colour);
        Fill(left, top + thickness, left + thickness, bottom - thickness, colour);
        Fill(right - thickness, top + thickness, right, bottom - thickness, colour);
    }

    public void Line(double x0, double y0, double x1, double y1, int thickness, Colour colour)
    {
        if (!Clip(ref x0, ref y0, ref x1, ref y1, thickness)) return;
        var steps = Math.Max(1, (int)Math.Ceiling(Math.Max(Math.Abs(x1 - x0), Math.Abs(y1 - y0))));
        for (var i = 0; i <= steps; i++)
        {
            var (x, y) = ((int)Math.Round(x0 + (x1 - x0) * i / steps) - thickness / 2, (int)Math.Round(y0 + (y1 - y0) * i / steps) - thickness / 2);
            Fill(x, y, x + thickness, y + thickness, colour);
        }
    }

    public void Disc(double x, double y, int radius, Colour colour)
    {
        if (!(x > -radius && y > -radius && x < Width + radius && y < Height + radius)) return;
        var (column, line) = ((int)Math.Round(x), (int)Math.Round(y));
        for (var dy = -radius; dy <= radius; dy++)
        {
            var half = (int)Math.Sqrt(radius * radius - dy * dy);
            Fill(column - half, line + dy, column + half + 1, line + dy + 1, colour);
        }
    }

    /// <summary>Mixes a third of the colour into what the outline encloses, by the even-odd rule.</summary>
    /// <param name="corners">x, y of each corner.</param>
    public void Tint(IReadOnlyList<double> corners, Colour colour)
    {
        var count = corners.Count / 2;
        Span<double> crossings = count <= 256 ? stackalloc double[count] : new double[count];
        for (var y = 0; y < Height; y++)
        {
            var found = 0;
            for (var (i, before) = (0, count - 1); i < count; before = i++)
            {
                var (x0, y0, x1, y1) = (corners[2 * before], corners[2 * before + 1], corners[2 * i], corners[2 * i + 1]);
                // The middle of the row.
                if (y0 <= y + 0.5 != y1 <= y + 0.5) crossings[found++] = x0 + (y + 0.5 - y0) * (x1 - x0) / (y1 - y0);
            }
            crossings[..found].Sort();
            for (var i = 0; i + 1 < found; i += 2)
            {
                var end = (int)Math.Round(Math.Min(Width, crossings[i + 1]));
                for (var x = (int)Math.Round(Math.Max(0, crossings[i])); x < end; x++) Mix(x, y, colour);
            }
        }
    }

    /// <summary>Text on a ground of its own.</summary>
    /// <param name="scale">Pixels of a dot.</param>
    public void Label(int x, int y, string text, int scale, Colour ground)
    {
        var (width, height) = LabelSize(text, scale);
        Fill(x, y, x + width, y + height, ground);
        for (var i = 0; i < text.Length; i++)
        {
            for (var column = 0; column < BitmapFont.Width; column++)
            {
                for (var row = 0; row < BitmapFont.Height; row++)
                {
                    if (!BitmapFont.HasDot(text[i], column, row)) continue;
                    var (left, top) = (x + scale * (1 + i * BitmapFont.Advance + column), y + scale * (1 + row));
                    Fill(left, top, left + scale, top + scale, ground.Ink);
                }
            }
        }
    }

    public static (int Width, int Height) LabelSize(string text, int scale) => (scale * (text.Length * BitmapFont.Advance + 1), scale * (BitmapFont.Height + 2));

    private void Put(int x, int y, Colour colour)
    {
        var at = 3 * (y * Width + x);
        (_bgr[at], _bgr[at + 1], _bgr[at + 2]) = (colour.Blue, colour.Green, colour.Red);
    }

    private void Mix(int x, int y, Colour colour)
    {
        var at = 3 * (y * Width + x);
        (_bgr[at], _bgr[at + 1], _bgr[at + 2]) = ((byte)((2 * _bgr[at] + colour.Blue) / 3), (byte)((2 * _bgr[at + 1] + colour.Green) / 3), (byte)((2 * _bgr[at + 2] + colour.Red) / 3));
    }

    /// <summary>The part of the line that can be seen. Liang and Barsky, "A new concept and method for line clipping", 1984.</summary>
    private bool Clip(ref double x0, ref double y0, ref double x1, ref double y1, int margin)
    {
        var (dx, dy, enter, leave) = (x1 - x0, y1 - y0, 0.0, 1.0);
        foreach (var (towards, distance) in (ReadOnlySpan<(double, double)>)[(-dx, x0 + margin), (dx, Width + margin - x0), (-dy, y0 + margin), (dy, Height + margin - y0)])
        {
            if (towards == 0 && distance < 0) return false;
            if (towards < 0) enter = Math.Max(enter, distance / towards);
            else if (towards > 0) leave = Math.Min(leave, distance / towards);
        }
        if (!(enter <= leave)) return false;
        (x0, y0, x1, y1) = (x0 + enter * dx, y0 + enter * dy, x0 + leave * dx, y0 + leave * dy);
        return true;
    }
}
