using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Grouping;

/// <summary>What tells where a frame belongs: its part, the camera and its moment, and the picture itself.</summary>
internal readonly record struct FramePlace(string? Part, string? Device, string? Camera, DateTimeOffset CapturedAt, string Image)
{
    public static FramePlace Of(FrameView frame) => new(frame.Part, frame.Device?.Value, frame.Camera?.Value, frame.CapturedAt, frame.ImageDigest);

    public static FramePlace Of(SyntheticSource source) => new(source.Part, source.Device?.Value, source.Camera?.Value, source.CapturedAt, source.ImageDigest);
}
