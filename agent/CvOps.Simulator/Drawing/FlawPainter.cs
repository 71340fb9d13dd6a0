namespace CvOps.Simulator.Drawing;

/// <summary>Paints a part's marks over it, only where there is metal.</summary>
internal static class FlawPainter
{
    private const int Segments = 10;

    public static void Paint(Canvas canvas, PartRecipe recipe)
    {
        foreach (var flaw in recipe.Flaws)
        {
            switch (flaw.Kind)
            {
                case FlawKind.Line: PaintLine(canvas, recipe, flaw); break;
                case FlawKind.Bump: PaintBump(canvas, recipe, flaw); break;
                case FlawKind.Blot: PaintBlot(canvas, recipe, flaw); break;
            }
        }
    }

    /// <summary>A groove: one edge catches the light, the other lies in shadow; weaker towards its ends.</summary>
    private static void PaintLine(Canvas canvas, PartRecipe recipe, Flaw flaw)
    {
        Span<(float X, float Y)> path = stackalloc (float, float)[Segments + 1];
        var (cos, sin) = (MathF.Cos(flaw.Angle), MathF.Sin(flaw.Angle));
        for (var i = 0; i <= Segments; i++)
        {
            var along = (float)i / Segments - 0.5f;
            var aside = flaw.Bend * flaw.Size * (1 - 4 * along * along);
            path[i] = (flaw.X + along * flaw.Size * cos - aside * sin, flaw.Y + along * flaw.Size * sin + aside * cos);
        }

        foreach (var (index, x, y, metal) in new FlawArea(canvas, recipe, flaw.X, flaw.Y, flaw.Size / 2 + Math.Abs(flaw.Bend * flaw.Size) + flaw.Width))
        {
            var (distance, along) = Nearest(path, x, y);
            var strength = PartPainter.Inside(flaw.Width / 2 - distance);
            if (strength <= 0) continue;
            var fade = Math.Min(1, 5 * Math.Min(along, 1 - along) + 0.25f);
            canvas.Reflectance[index] += flaw.Depth * strength * fade * metal;
        }
    }

    private static (float Distance, float Along) Nearest(ReadOnlySpan<(float X, float Y)> path, float x, float y)
    {
        var best = float.MaxValue;
        var where = 0f;
        for (var i = 0; i + 1 < path.Length; i++)
        {
            var (ax, ay) = path[i];
            var (bx, by) = (path[i + 1].X - ax, path[i + 1].Y - ay);
            var t = Math.Clamp(((x - ax) * bx + (y - ay) * by) / (bx * bx + by * by), 0, 1);
            var (ex, ey) = (x - ax - t * bx, y - ay - t * by);
            var square = ex * ex + ey * ey;
            if (square >= best) continue;
            best = square;
            where = (i + t) / (path.Length - 1);
        }

        return (MathF.Sqrt(best), where);
    }

    /// <summary>A hollow lit from the upper left: dark on that side, bright on the other (slope of a Gaussian).</summary>
    private static void PaintBump(Canvas canvas, PartRecipe recipe, Flaw flaw)
    {
        var (cos, sin) = (MathF.Cos(flaw.Angle), MathF.Sin(flaw.Angle));
        foreach (var (index, x, y, metal) in new FlawArea(canvas, recipe, flaw.X, flaw.Y, flaw.Size * 1.8f))
        {
            var (dx, dy) = (x - flaw.X, y - flaw.Y);
            var u = (dx * cos + dy * sin) / flaw.Size;
            var v = (dy * cos - dx * sin) / (flaw.Size * flaw.Width);
            var hollow = MathF.Exp(-1.6f * (u * u + v * v));
            var slope = (dx + dy) * (0.7071f / flaw.Size);
            canvas.Reflectance[index] += flaw.Depth * hollow * (2.1f * slope - 0.18f) * metal;
        }
    }

    /// <summary>A blot with a ragged edge that darkens (or, as dust, lightens) and, when large, browns what it covers.</summary>
    private static void PaintBlot(Canvas canvas, PartRecipe recipe, Flaw flaw)
    {
        var seed = recipe.Grain + 7;
        foreach (var (index, x, y, metal) in new FlawArea(canvas, recipe, flaw.X, flaw.Y, flaw.Size * 1.5f))
        {
            var (dx, dy) = (x - flaw.X, y - flaw.Y);
            var distance = MathF.Sqrt(dx * dx + dy * dy) / flaw.Size;
            var ragged = 0.35f * PartRandom.Smooth(seed, x / flaw.Size * 1.9f, y / flaw.Size * 1.9f);
            var mask = Math.Clamp((1 - distance + ragged) * Math.Max(2.2f, 4 / flaw.Size), 0, 1) * metal;
            if (mask <= 0) continue;
            canvas.Reflectance[index] += flaw.Depth * mask;
            if (flaw.Size < 5) continue;
            var half = (index / canvas.Width / 2) * (canvas.Width / 2) + index % canvas.Width / 2;
            canvas.TintU[half] = 3 - 12 * mask;
            canvas.TintV[half] = -2 + 8 * mask;
        }
    }
}
