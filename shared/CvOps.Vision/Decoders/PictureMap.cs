namespace CvOps.Vision.Decoders;

/// <summary>The way from the pixels of one tensor to those of the picture, nothing clipped: each axis scaled, then shifted.</summary>
internal readonly record struct PictureMap(float ScaleX, float ShiftX, float ScaleY, float ShiftY)
{
    public static PictureMap Of(PreprocessPlan plan, int tile)
    {
        var (scaleX, scaleY) = plan.ScaleToPicture(tile);
        var (shiftX, shiftY) = plan.ToPicture(0, 0, tile);
        return new(scaleX, shiftX, scaleY, shiftY);
    }

    public float X(float x) => x * ScaleX + ShiftX;

    public float Y(float y) => y * ScaleY + ShiftY;
}
