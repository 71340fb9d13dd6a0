using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>The part of a picture that a prediction is about.</summary>
internal static class CropRule
{
    // Of the boxes' extent, on each side: a label needs some surroundings.
    private const double Border = 0.1;

    /// <returns>What all boxes lie in and some more, in whole pixels of the picture; null without boxes.</returns>
    public static FrameCrop? Of(Prediction prediction, int width, int height)
    {
        var (left, top, right, bottom) = (double.MaxValue, double.MaxValue, double.MinValue, double.MinValue);
        foreach (var box in prediction.Detections)
        {
            // An oriented box lies within the circle round its centre.
            var reach = box.Angle is null ? 0 : Math.Sqrt(box.Width * box.Width + box.Height * box.Height) / 2;
            var (x, y) = (box.X + box.Width / 2, box.Y + box.Height / 2);
            var (halfWidth, halfHeight) = box.Angle is null ? (box.Width / 2, box.Height / 2) : (reach, reach);
            (left, top) = (Math.Min(left, x - halfWidth), Math.Min(top, y - halfHeight));
            (right, bottom) = (Math.Max(right, x + halfWidth), Math.Max(bottom, y + halfHeight));
        }
        if (!(right > left) || !(bottom > top)) return null;
        var (borderX, borderY) = (Border * (right - left), Border * (bottom - top));
        var fromX = (int)Math.Clamp(Math.Floor(left - borderX), 0, width - 1);
        var fromY = (int)Math.Clamp(Math.Floor(top - borderY), 0, height - 1);
        return new FrameCrop(fromX, fromY, (int)Math.Clamp(Math.Ceiling(right + borderX), fromX + 1, width) - fromX, (int)Math.Clamp(Math.Ceiling(bottom + borderY), fromY + 1, height) - fromY);
    }
}
