using System.Diagnostics.CodeAnalysis;

namespace CvOps.Simulator.Drawing;

/// <summary>What the line makes. Radii are shares of the part's radius.</summary>
/// <param name="Holes">Bolt holes around the bore.</param>
/// <param name="Reflectance">Of the bare metal, 0..1.</param>
/// <param name="Texture">Strength of the turning marks, as reflectance.</param>
internal sealed record Product(string Name, float Bore, int Holes, float HoleRadius, float HoleCircle, float Reflectance, float Texture)
{
    private static readonly Product[] All =
    [
        new("disc", Bore: 0.22f, Holes: 3, HoleRadius: 0.06f, HoleCircle: 0.36f, Reflectance: 0.62f, Texture: 0.030f),
        new("flange", Bore: 0.34f, Holes: 6, HoleRadius: 0.085f, HoleCircle: 0.72f, Reflectance: 0.52f, Texture: 0.015f),
        new("cover", Bore: 0.10f, Holes: 4, HoleRadius: 0.05f, HoleCircle: 0.84f, Reflectance: 0.70f, Texture: 0.045f),
    ];

    /// <summary>What a line makes until told otherwise.</summary>
    public static Product Default => All[0];

    public static IEnumerable<string> Names => All.Select(product => product.Name);

    public static bool TryFind(string name, [NotNullWhen(true)] out Product? product) =>
        (product = Array.Find(All, candidate => candidate.Name == name)) is not null;
}
