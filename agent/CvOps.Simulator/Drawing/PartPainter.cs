namespace CvOps.Simulator.Drawing;

/// <summary>Paints belt and part, pixel by pixel from distances and angles, edges softened over a pixel.</summary>
internal static class PartPainter
{
    private const float BeltReflectance = 0.20f;
    private const float Rim = 5;

    /// <summary>Where the parts pass, in units of the recipe: above the strip with the part code.</summary>
    private const float CentreY = 107;

    public static (float X, float Y) Centre(Canvas canvas, PartRecipe recipe) =>
        (canvas.Width / 2f + recipe.OffsetX * canvas.Scale, (CentreY + recipe.OffsetY) * canvas.Scale);

    public static void Paint(Canvas canvas, PartRecipe recipe)
    {
        var (centreX, centreY) = Centre(canvas, recipe);
        var unit = 1 / canvas.Scale;
        var index = 0;
        for (var y = 0; y < canvas.Height; y++)
        for (var x = 0; x < canvas.Width; x++, index++)
        {
            var (dx, dy) = ((x + 0.5f - centreX) * unit, (y + 0.5f - centreY) * unit);
            var distance = MathF.Sqrt(dx * dx + dy * dy);
            var metal = Inside(recipe.Radius - distance);
            var value = metal < 1 ? Belt(recipe, x * unit, y * unit, dx, dy) : 0;
            if (metal > 0) value += (Metal(recipe, dx, dy, distance, x, y) - value) * metal;
            canvas.Reflectance[index] = value;
        }

        Tint(canvas, recipe, centreX, centreY);
    }

    /// <summary>1 a unit inside the edge, 0 a unit outside.</summary>
    public static float Inside(float depth) => Math.Clamp(0.5f + depth, 0, 1);

    private static float Belt(PartRecipe recipe, float x, float y, float dx, float dy)
    {
        // The belt runs below the parts: its weave stands elsewhere under each.
        var run = (recipe.Grain & 0xFF) * 0.37f;
        var weave = 0.016f * MathF.Sin((x + run) * 0.85f) * MathF.Sin(y * 0.85f);
        var wear = 0.030f * PartRandom.Smooth(recipe.Grain, (x + run) * 0.06f, y * 0.06f);
        var (shadowX, shadowY) = (dx - 5, dy - 6);
        var shadow = Math.Clamp((recipe.Radius + 8 - MathF.Sqrt(shadowX * shadowX + shadowY * shadowY)) / 12, 0, 1);
        return (BeltReflectance + weave + wear) * (1 - 0.5f * shadow);
    }

    private static float Metal(PartRecipe recipe, float dx, float dy, float distance, int x, int y)
    {
        var angle = MathF.Atan2(dy, dx);
        var product = recipe.Product;
        // Turning marks: rings of uneven strength.
        var rings = product.Texture * (0.6f * MathF.Sin(distance * MathF.Tau / recipe.RingPitch) + PartRandom.Smooth(recipe.Grain, distance * 0.9f, 0.5f));
        var grain = 0.014f * PartRandom.Lattice(recipe.Grain, x, y);
        var patch = 0.020f * PartRandom.Smooth(recipe.Grain + 1, dx * 0.04f, dy * 0.04f);
        // A turned face shines in two opposite wedges (anisotropic reflection).
        var wedge = MathF.Cos(angle - recipe.Highlight);
        var value = recipe.Reflectance + rings + grain + patch + 0.15f * wedge * wedge * wedge * wedge - 0.0006f * dx - 0.0004f * dy;
        // The rim is chamfered: bright towards the lamp at the upper left.
        var chamfer = Inside((distance - (recipe.Radius - Rim)) / 1.5f);
        value += chamfer * (0.18f * MathF.Cos(angle + 2.36f) - 0.05f);
        value = Hole(value, distance - product.Bore * recipe.Radius, angle);
        for (var hole = 0; hole < product.Holes; hole++)
        {
            var at = recipe.Rotation + hole * MathF.Tau / product.Holes;
            var (hx, hy) = (dx - MathF.Cos(at) * product.HoleCircle * recipe.Radius, dy - MathF.Sin(at) * product.HoleCircle * recipe.Radius);
            var edge = MathF.Sqrt(hx * hx + hy * hy) - product.HoleRadius * recipe.Radius;
            if (edge < 4) value = Hole(value, edge, MathF.Atan2(hy, hx));
        }

        return value;
    }

    /// <param name="edge">Distance outside the hole's edge.</param>
    private static float Hole(float value, float edge, float angle)
    {
        if (edge > 4) return value;
        value += 0.12f * MathF.Cos(angle + 2.36f) * Inside((1.5f - MathF.Abs(edge - 1)) / 1.5f);
        return value + (0.07f - value) * Inside(-edge);
    }

    private static void Tint(Canvas canvas, PartRecipe recipe, float centreX, float centreY)
    {
        var radius = recipe.Radius * canvas.Scale;
        var index = 0;
        for (var y = 0; y < canvas.Height; y += 2)
        for (var x = 0; x < canvas.Width; x += 2, index++)
        {
            var (dx, dy) = (x + 1 - centreX, y + 1 - centreY);
            var metal = dx * dx + dy * dy < radius * radius;
            // Bluish steel on a greenish belt.
            canvas.TintU[index] = metal ? 3 : -2;
            canvas.TintV[index] = metal ? -2 : -5;
        }
    }
}
