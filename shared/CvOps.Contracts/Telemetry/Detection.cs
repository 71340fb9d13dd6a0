using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>
/// One box, in pixels of the camera's picture, origin top left, clipped to the picture. With an <see cref="Angle"/> it is the box before it is
/// turned about its own centre, and is not clipped.
/// </summary>
public sealed record Detection(string Class, double Score, double X, double Y, double Width, double Height)
{
    public string Class { get; set; } = Class;

    [Wire(Minimum = 0, Maximum = 1)]
    public double Score { get; set; } = Score;

    [Wire(Unit = "px")]
    public double X { get; set; } = X;

    [Wire(Unit = "px")]
    public double Y { get; set; } = Y;

    [Wire(Unit = "px", Minimum = 0)]
    public double Width { get; set; } = Width;

    [Wire(Unit = "px", Minimum = 0)]
    public double Height { get; set; } = Height;

    /// <summary>Names the object from frame to frame while a tracker follows it; null without one.</summary>
    public long? Track { get; set; }

    /// <summary>
    /// Oriented boxes: radians from the picture's x axis to the side that <see cref="Width"/> measures, clockwise as the picture is seen, in
    /// [-pi/2, pi/2); null for upright boxes.
    /// </summary>
    [Wire(Unit = "rad", Minimum = -1.5707963267948966, Maximum = 1.5707963267948966)]
    public double? Angle { get; set; }

    /// <summary>
    /// x, y, score of each keypoint in the manifest's order, as COCO lists them: picture pixels, not clipped; score 0..1, 1 when the model gives none.
    /// An anomalous region has one: its peak. Null for other models.
    /// </summary>
    public List<double>? Keypoints { get; set; }

    /// <summary>
    /// x, y of each corner of the mask's outline in picture pixels, as COCO lists them: the largest region's outer border, within half a pixel of the
    /// mask's own grid while <see cref="Limits.PolygonCorners"/> allow. Null for models without masks, and where the mask is empty.
    /// </summary>
    public List<double>? Polygon { get; set; }

    /// <summary>Picture pixels that the whole mask covers; null for models without masks.</summary>
    [Wire(Unit = "px2", Minimum = 0)]
    public double? MaskArea { get; set; }

    /// <summary>A detection of the caller's own.</summary>
    public Detection Copy() => this with { Keypoints = Keypoints is null ? null : [.. Keypoints], Polygon = Polygon is null ? null : [.. Polygon] };
}
