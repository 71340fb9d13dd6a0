namespace CvOps.Simulator.Drawing;

/// <summary>The scene before the camera: reflectance 0..1 for each pixel, and tint for each 2 x 2, reused from picture to picture.</summary>
internal sealed class Canvas
{
    /// <exception cref="ArgumentException">A side is odd, or smaller than the drawing can be told apart in.</exception>
    public Canvas(int width, int height)
    {
        if (!Fits(width, height)) throw new ArgumentException($"A line's picture has even sides of at least {MinWidth} x {MinHeight} and at most {MaxSide} pixels, not {width} x {height}.");
        Width = width;
        Height = height;
        Scale = Math.Min(width / 320f, height / 240f);
        Reflectance = new float[width * height];
        TintU = new float[width * height / 4];
        TintV = new float[width * height / 4];
    }

    public const int MinWidth = 160;
    public const int MinHeight = 120;
    public const int MaxSide = 4096;

    public int Width { get; }

    public int Height { get; }

    /// <summary>Pixels in one unit of <see cref="PartRecipe"/>.</summary>
    public float Scale { get; }

    public float[] Reflectance { get; }

    /// <summary>Blue minus luma in steps of chroma, 0 is grey.</summary>
    public float[] TintU { get; }

    /// <summary>Red minus luma in steps of chroma, 0 is grey.</summary>
    public float[] TintV { get; }

    public static bool Fits(int width, int height) =>
        width is >= MinWidth and <= MaxSide && height is >= MinHeight and <= MaxSide && width % 2 == 0 && height % 2 == 0;
}
