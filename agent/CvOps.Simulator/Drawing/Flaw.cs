namespace CvOps.Simulator.Drawing;

internal enum FlawKind { Line, Bump, Blot }

/// <summary>One mark on the part, in the unit of <see cref="PartRecipe"/>, relative to the part's centre.</summary>
/// <param name="Size">Line: its length. Bump, blot: the radius.</param>
/// <param name="Width">Line: its width. Bump: ratio of its axes. Blot: unused.</param>
/// <param name="Depth">Change of reflectance; negative is darker.</param>
/// <param name="Bend">Line: how far its middle leaves the straight, as a share of its length.</param>
/// <param name="Defect">It decides the part's class; dust and hairlines do not.</param>
internal sealed record Flaw(FlawKind Kind, float X, float Y, float Angle, float Size, float Width, float Depth, float Bend, bool Defect = false)
{
    /// <summary>The marks a part of this class carries: its defect, and on any part dust and hairlines that are none.</summary>
    public static IReadOnlyList<Flaw> Choose(ref PartRandom random, string kind, float radius, Product product)
    {
        var flaws = new List<Flaw>();
        for (var specks = random.Pick(4); specks > 0; specks--)
        {
            var (x, y) = Place(ref random, radius, product, 2);
            flaws.Add(new Flaw(FlawKind.Blot, x, y, 0, random.Range(1, 1.8f), 0, random.Range(-0.16f, 0.10f), 0));
        }

        if (random.Chance(0.35f))
        {
            var (x, y) = Place(ref random, radius, product, 10);
            flaws.Add(new Flaw(FlawKind.Line, x, y, random.Range(0, MathF.PI), random.Range(12, 40), 1.1f, random.Range(-0.035f, 0.035f), random.Range(-0.1f, 0.1f)));
        }

        switch (kind)
        {
            case PartRecipe.Scratch:
                for (var lines = random.Chance(0.3f) ? 2 : 1; lines > 0; lines--) flaws.Add(ScratchOn(ref random, radius, product));
                break;
            case PartRecipe.Dent:
                var (dentX, dentY) = Place(ref random, radius, product, 12);
                flaws.Add(new Flaw(FlawKind.Bump, dentX, dentY, random.Range(0, MathF.PI), random.Range(8, 16), random.Range(0.7f, 1), random.Range(0.17f, 0.36f), 0, true));
                break;
            case PartRecipe.Stain:
                var (stainX, stainY) = Place(ref random, radius, product, 14);
                flaws.Add(new Flaw(FlawKind.Blot, stainX, stainY, 0, random.Range(11, 26), 0, random.Range(-0.26f, -0.12f), 0, true));
                break;
        }

        return flaws;
    }

    private static Flaw ScratchOn(ref PartRandom random, float radius, Product product)
    {
        var (x, y) = Place(ref random, radius, product, 12);
        var depth = random.Range(0.15f, 0.32f);
        return new Flaw(
            FlawKind.Line, x, y, random.Range(0, MathF.PI), random.Range(36, 100), random.Range(1.6f, 3.0f),
            random.Chance(0.5f) ? depth : -depth, random.Range(-0.14f, 0.14f), true);
    }

    /// <summary>A place on bare metal, at least <paramref name="margin"/> from bore and rim.</summary>
    private static (float X, float Y) Place(ref PartRandom random, float radius, Product product, float margin)
    {
        var inner = product.Bore * radius + margin;
        var outer = radius - 8 - margin;
        var angle = random.Range(0, MathF.Tau);
        // Uniform over the ring's area.
        var distance = MathF.Sqrt(random.Range(inner * inner, outer * outer));
        return (distance * MathF.Cos(angle), distance * MathF.Sin(angle));
    }
}
