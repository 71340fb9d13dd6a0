using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Preview;

/// <summary>A frame that somebody looks at: a smaller copy of its pixels, and what was said of it at its full size.</summary>
/// <param name="Pixels">As <paramref name="Format"/> lays them out at the smaller size.</param>
/// <param name="Width">Of the camera's picture, which the prediction's boxes are measured in.</param>
internal sealed record PreviewFrame(
    CameraId Camera, string? Part, long Number, int Connection, DateTimeOffset CapturedAt, ModelRef Model, Prediction Prediction,
    byte[] Pixels, int SmallWidth, int SmallHeight, PixelFormat Format, YuvColour Colour, int Width, int Height)
{
    public static PreviewFrame Of(in InspectedFrame inspected)
    {
        var picture = inspected.Picture;
        var frame = inspected.Frame;
        var (pixels, width, height) = PreviewSize.Shrink(picture);
        return new PreviewFrame(inspected.Camera, inspected.Part, frame.Number, frame.Connection, frame.CapturedAt, inspected.Model.Ref, inspected.Prediction.Copy(),
            pixels, width, height, picture.Format, picture.Colour, picture.Width, picture.Height);
    }
}
