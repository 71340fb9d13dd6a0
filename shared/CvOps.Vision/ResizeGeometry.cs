using CvOps.Contracts.Packages;

namespace CvOps.Vision;

/// <summary>
/// Where a window of a picture lies in the tensor: scaled to <paramref name="Width"/> x <paramref name="Height"/>, its corner at
/// (<paramref name="OffsetX"/>, <paramref name="OffsetY"/>), negative when it is cropped.
/// </summary>
internal readonly record struct ResizeGeometry(SourceWindow Window, int Width, int Height, int OffsetX, int OffsetY)
{
    /// <exception cref="ModelException">CentreCrop's short side is less than the input.</exception>
    public static ResizeGeometry Of(InputSpec spec, SourceWindow window)
    {
        var (width, height) = (window.Width, window.Height);
        if (spec.Resize == ResizeMode.Stretch) return new(window, spec.Width, spec.Height, 0, 0);

        double scale;
        if (spec.Resize == ResizeMode.CentreCrop)
        {
            var side = spec.ShortSide ?? Math.Max(spec.Width, spec.Height);
            if (side < Math.Max(spec.Width, spec.Height) || side > 16_384) throw new ModelException($"The manifest's shortSide is {side}; it must be at least the input's longer side, {Math.Max(spec.Width, spec.Height)}, and at most 16384.");
            scale = side / (double)Math.Min(width, height);
        }
        else
        {
            scale = Math.Min(spec.Width / (double)width, spec.Height / (double)height);
        }
        // Half to even, as Python's round: the convention of the training code that letterboxes.
        var scaledWidth = Math.Max(1, (int)Math.Round(width * scale));
        var scaledHeight = Math.Max(1, (int)Math.Round(height * scale));
        return spec.Resize switch
        {
            ResizeMode.CentreCrop => new(window, scaledWidth, scaledHeight, -((scaledWidth - spec.Width) / 2), -((scaledHeight - spec.Height) / 2)),
            ResizeMode.LetterboxCentre => new(window, scaledWidth, scaledHeight, (spec.Width - scaledWidth) / 2, (spec.Height - scaledHeight) / 2),
            _ => new(window, scaledWidth, scaledHeight, 0, 0),
        };
    }

    /// <summary>Picture pixels a tensor pixel is wide.</summary>
    public double ScaleX => Window.Width / (double)Width;

    /// <summary>Picture pixels a tensor pixel is high.</summary>
    public double ScaleY => Window.Height / (double)Height;

    /// <summary>A column of the tensor as one of the picture; both count from the left edge of their first pixel.</summary>
    public double ToPictureX(double x) => Window.X + (x - OffsetX) * ScaleX;

    /// <summary>A row of the tensor as one of the picture; both count from the upper edge of their first pixel.</summary>
    public double ToPictureY(double y) => Window.Y + (y - OffsetY) * ScaleY;
}
