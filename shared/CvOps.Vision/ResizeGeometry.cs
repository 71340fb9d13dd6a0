using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <summary>Where a picture lies in the tensor: scaled to <paramref name="Width"/> x <paramref name="Height"/>, its corner at (<paramref name="OffsetX"/>, <paramref name="OffsetY"/>), negative when it is cropped.</summary>
internal readonly record struct ResizeGeometry(int PictureWidth, int PictureHeight, int Width, int Height, int OffsetX, int OffsetY)
{
    /// <exception cref="ModelException">The input has no size, or CentreCrop's short side is less than the input.</exception>
    public static ResizeGeometry Of(InputSpec spec, int width, int height)
    {
        if (spec.Width < 1 || spec.Height < 1 || spec.Width > 16_384 || spec.Height > 16_384)
            throw new ModelException($"The manifest's input is {spec.Width}x{spec.Height}; each side must be 1 to 16384 pixels.");
        if (spec.Resize == ResizeMode.Stretch) return new(width, height, spec.Width, spec.Height, 0, 0);

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
            ResizeMode.CentreCrop => new(width, height, scaledWidth, scaledHeight, -((scaledWidth - spec.Width) / 2), -((scaledHeight - spec.Height) / 2)),
            ResizeMode.LetterboxCentre => new(width, height, scaledWidth, scaledHeight, (spec.Width - scaledWidth) / 2, (spec.Height - scaledHeight) / 2),
            _ => new(width, height, scaledWidth, scaledHeight, 0, 0),
        };
    }

    /// <summary>A box in tensor pixels as one in picture pixels, clipped to the picture.</summary>
    public Detection ToPicture(in Detection box)
    {
        var scaleX = PictureWidth / (double)Width;
        var scaleY = PictureHeight / (double)Height;
        var left = Math.Clamp((box.X - OffsetX) * scaleX, 0, PictureWidth);
        var top = Math.Clamp((box.Y - OffsetY) * scaleY, 0, PictureHeight);
        var right = Math.Clamp((box.X + box.Width - OffsetX) * scaleX, 0, PictureWidth);
        var bottom = Math.Clamp((box.Y + box.Height - OffsetY) * scaleY, 0, PictureHeight);
        return box with { X = left, Y = top, Width = right - left, Height = bottom - top };
    }
}
