namespace CvOps.Vision.PartCodes;

/// <summary>Where the part code stands in the picture, in pixels, origin top left.</summary>
public readonly record struct PartCodeRegion(int X, int Y, int Width, int Height)
{
    /// <summary>True when the region lies inside a picture of this size and each cell has at least 3 x 3 pixels.</summary>
    public bool Fits(int pictureWidth, int pictureHeight) =>
        X >= 0 && Y >= 0 && Width >= PartCode.MinWidth && Height >= PartCode.MinHeight
        && X <= pictureWidth - Width && Y <= pictureHeight - Height;
}
