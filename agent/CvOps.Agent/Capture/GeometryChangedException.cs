namespace CvOps.Agent.Capture;

/// <summary>
/// A camera changed the size or format of its pictures in mid-stream. The connection is made again, which costs a second and says the new size
/// before the first of its pictures.
/// </summary>
internal sealed class GeometryChangedException(string url, int width, int height, string? now)
    : CameraException($"{CameraAddress.Redact(url)} changed its pictures from {width}x{height} to {now ?? "another size"}; it is being connected again.");
