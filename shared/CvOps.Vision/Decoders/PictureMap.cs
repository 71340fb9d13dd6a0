using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>The way from the coordinates of one tensor to the pixels of the picture, nothing clipped: each axis scaled, then shifted.</summary>
internal readonly record struct PictureMap(float ScaleX, float ShiftX, float ScaleY, float ShiftY)
{
    public static PictureMap Of(PreprocessPlan plan, int tile)
    {
        var (scaleX, scaleY) = plan.ScaleToPicture(tile);
        var (shiftX, shiftY) = plan.ToPicture(0, 0, tile);
        return new(scaleX, shiftX, scaleY, shiftY);
    }

    /// <summary>The way from what a model counts in.</summary>
    public static PictureMap Of(PreprocessPlan plan, int tile, BoxUnits units, InputSpec input)
    {
        if (units == BoxUnits.PicturePixels) return new(1, 0, 1, 0);
        var map = Of(plan, tile);
        return units == BoxUnits.InputPixels ? map : map with { ScaleX = map.ScaleX * input.Width, ScaleY = map.ScaleY * input.Height };
    }

    public float X(float x) => x * ScaleX + ShiftX;

    public float Y(float y) => y * ScaleY + ShiftY;
}
