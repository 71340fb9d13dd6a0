namespace CvOps.Simulator.Drawing;

/// <summary>
/// All that chance decides about one part: the same seed, line, serial and product give the same part. Lengths are for a picture
/// 240 pixels high and grow with it; angles in radians; brightness as reflectance 0..1.
/// </summary>
internal sealed record PartRecipe
{
    public const string Ok = "ok";
    public const string Scratch = "scratch";
    public const string Dent = "dent";
    public const string Stain = "stain";

    /// <summary>The classes in the line model's order.</summary>
    public static IReadOnlyList<string> Classes { get; } = [Ok, Scratch, Dent, Stain];

    public required uint Serial { get; init; }

    public required string Class { get; init; }

    public required Product Product { get; init; }

    /// <summary>Offset of the part's centre from the picture's place for it.</summary>
    public required float OffsetX { get; init; }

    public required float OffsetY { get; init; }

    public required float Radius { get; init; }

    public required float Rotation { get; init; }

    public required float Reflectance { get; init; }

    /// <summary>Direction of the highlight that a turned surface shows.</summary>
    public required float Highlight { get; init; }

    public required float RingPitch { get; init; }

    public required IReadOnlyList<Flaw> Flaws { get; init; }

    /// <summary>Seed of everything that has no name: noise, belt, grain.</summary>
    public required ulong Grain { get; init; }

    /// <param name="defectShare">How many of the parts are defective, 0..1, in equal shares of the three defects.</param>
    public static PartRecipe For(ulong seed, string line, uint serial, Product product, float defectShare)
    {
        var random = PartRandom.For(seed, line, serial, 1);
        var kind = random.Range(0, 1) < defectShare ? Classes[1 + random.Pick(3)] : Ok;
        var radius = random.Range(84, 92);
        return new PartRecipe
        {
            Serial = serial,
            Class = kind,
            Product = product,
            OffsetX = random.Range(-22, 22),
            OffsetY = random.Range(-6, 6),
            Radius = radius,
            Rotation = random.Range(0, MathF.Tau),
            Reflectance = product.Reflectance + random.Range(-0.035f, 0.035f),
            Highlight = random.Range(0.4f, 1.1f),
            RingPitch = random.Range(2.6f, 4.2f),
            Flaws = Flaw.Choose(ref random, kind, radius, product),
            Grain = random.Next(),
        };
    }
}
