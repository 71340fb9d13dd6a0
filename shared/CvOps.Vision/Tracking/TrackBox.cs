using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Tracking;

/// <summary>An upright box in pixels, origin top left.</summary>
internal readonly record struct TrackBox(double X, double Y, double Width, double Height)
{
    public static TrackBox Of(Detection detection) => new(detection.X, detection.Y, detection.Width, detection.Height);

    /// <summary>Intersection over union, 0..1; 0 for boxes without area.</summary>
    public double Iou(in TrackBox other)
    {
        var width = Math.Min(X + Width, other.X + other.Width) - Math.Max(X, other.X);
        var height = Math.Min(Y + Height, other.Y + other.Height) - Math.Max(Y, other.Y);
        if (width <= 0 || height <= 0) return 0;
        var common = width * height;
        return common / (Width * Height + other.Width * other.Height - common);
    }
}
