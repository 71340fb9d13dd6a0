using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>
/// Blackens what must not be seen, in the camera's own pixels and before anybody else gets them: models, samples, decisions and drawings have
/// nothing to hide any more. Every pixel a polygon touches is black. Planned once for a size; burning in allocates nothing. One thread.
/// </summary>
internal sealed class PrivacyMask(IReadOnlyList<PrivacyMaskOptions> masks)
{
    private const byte NoColour = 128;
    // Of edges, in pixels: no pixel that an edge crosses by more is passed over.
    private const double Step = 0.25;

    private (int Width, int Height, PixelFormat Format, YuvRange Range) _planned;
    private (int Offset, int Length, byte Value)[] _runs = [];

    public bool Masks => masks.Count > 0;

    /// <param name="pixels">The picture's bytes.</param>
    public void BurnIn(Span<byte> pixels, int width, int height, PixelFormat format, YuvColour colour)
    {
        if (masks.Count == 0) return;
        if (_planned != (width, height, format, colour.Range))
        {
            _runs = Plan(width, height, format, colour.Range);
            _planned = (width, height, format, colour.Range);
        }
        foreach (var (offset, length, value) in _runs) pixels.Slice(offset, length).Fill(value);
    }

    private (int, int, byte)[] Plan(int width, int height, PixelFormat format, YuvRange range)
    {
        var hidden = new bool[width * height];
        foreach (var mask in masks)
        {
            var corners = mask.Polygon.Select(point => (X: point.X * width, Y: point.Y * height)).ToArray();
            Fill(hidden, width, height, corners);
            for (var i = 0; i < corners.Length; i++) Trace(hidden, width, height, corners[i], corners[(i + 1) % corners.Length]);
        }
        List<(int, int, byte)> runs = [];
        if (format == PixelFormat.Bgr24)
        {
            AddRuns(runs, hidden, 0, 3, 0);
            return [.. runs];
        }
        var yuv = format is PixelFormat.I420 or PixelFormat.Nv12;
        AddRuns(runs, hidden, 0, 1, (byte)(yuv && range == YuvRange.Limited ? 16 : 0));
        if (!yuv) return [.. runs];
        var (chromaWidth, chromaHeight) = ((width + 1) / 2, (height + 1) / 2);
        var chroma = new bool[chromaWidth * chromaHeight];
        for (var i = 0; i < hidden.Length; i++) chroma[i / width / 2 * chromaWidth + i % width / 2] |= hidden[i];
        if (format == PixelFormat.Nv12)
        {
            AddRuns(runs, chroma, hidden.Length, 2, NoColour);
            return [.. runs];
        }
        AddRuns(runs, chroma, hidden.Length, 1, NoColour);
        AddRuns(runs, chroma, hidden.Length + chroma.Length, 1, NoColour);
        return [.. runs];
    }

    /// <summary>Pixels whose centre lies inside, by the even-odd rule.</summary>
    private static void Fill(bool[] hidden, int width, int height, (double X, double Y)[] corners)
    {
        List<double> crossings = [];
        for (var y = 0; y < height; y++)
        {
            crossings.Clear();
            for (var i = 0; i < corners.Length; i++)
            {
                var (a, b) = (corners[i], corners[(i + 1) % corners.Length]);
                if (a.Y <= y + 0.5 != b.Y <= y + 0.5) crossings.Add(a.X + (y + 0.5 - a.Y) / (b.Y - a.Y) * (b.X - a.X));
            }
            crossings.Sort();
            for (var i = 0; i + 1 < crossings.Count; i += 2)
            {
                var (from, to) = ((int)Math.Clamp(Math.Floor(crossings[i]), 0, width), (int)Math.Clamp(Math.Ceiling(crossings[i + 1]), 0, width));
                hidden.AsSpan(y * width + from, to - from).Fill(true);
            }
        }
    }

    /// <summary>Pixels an edge goes through.</summary>
    private static void Trace(bool[] hidden, int width, int height, (double X, double Y) from, (double X, double Y) to)
    {
        var steps = (int)Math.Ceiling(Math.Max(Math.Abs(to.X - from.X), Math.Abs(to.Y - from.Y)) / Step) + 1;
        for (var i = 0; i <= steps; i++)
        {
            var along = (double)i / steps;
            var x = Math.Clamp((int)(from.X + along * (to.X - from.X)), 0, width - 1);
            var y = Math.Clamp((int)(from.Y + along * (to.Y - from.Y)), 0, height - 1);
            hidden[y * width + x] = true;
        }
    }

    private static void AddRuns(List<(int, int, byte)> runs, bool[] hidden, int start, int bytes, byte value)
    {
        for (var at = Array.IndexOf(hidden, true); at >= 0;)
        {
            var end = Array.IndexOf(hidden, false, at);
            if (end < 0) end = hidden.Length;
            runs.Add((start + at * bytes, (end - at) * bytes, value));
            at = end == hidden.Length ? -1 : Array.IndexOf(hidden, true, end);
        }
    }
}
