using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Oriented boxes of YOLOv8 and 11: as <see cref="YoloV8Decoder"/>, then the angle in radians. Where the picture was scaled differently along its axes, a
/// turned rectangle is no longer one in the picture; the one whose sides lie where the old sides went stands for it.
/// </summary>
internal sealed class YoloObbDecoder(ModelManifest manifest, BoundOutput output) : YoloV8Decoder(manifest, output, extras: 1, " and an angle")
{
    private readonly RotatedSuppression _suppression = new(SuppressionSettings.Of(manifest.Decoder, NmsMode.PerClass));

    protected override void AddBox(float x, float y, float width, float height, float score, int @class, in PictureMap map, int tile, int anchor)
    {
        var (sin, cos) = MathF.SinCos(Number(4 + ClassCount, tile, anchor));
        var (alongX, alongY) = (cos * map.ScaleX, sin * map.ScaleY);
        var halfWidth = width * MathF.Sqrt(alongX * alongX + alongY * alongY) / 2;
        var (acrossX, acrossY) = (sin * map.ScaleX, cos * map.ScaleY);
        var halfHeight = height * MathF.Sqrt(acrossX * acrossX + acrossY * acrossY) / 2;
        var (centreX, centreY) = (map.X(x), map.Y(y));
        Boxes.Add(centreX - halfWidth, centreY - halfHeight, centreX + halfWidth, centreY + halfHeight, score, @class, tile, anchor, MathF.Atan2(alongY, alongX));
    }

    protected override ReadOnlySpan<int> Suppress() => _suppression.Keep(Boxes);

    protected override void Describe(int place, int number, PreprocessPlan plan, Detection into)
    {
        into.X = Boxes.Left[place];
        into.Y = Boxes.Top[place];
        into.Width = Boxes.Right[place] - (double)Boxes.Left[place];
        into.Height = Boxes.Bottom[place] - (double)Boxes.Top[place];
        // Half a turn leaves a rectangle as it was.
        double angle = Boxes.Angle[place];
        into.Angle = angle - Math.PI * Math.Floor((angle + Math.PI / 2) / Math.PI);
    }
}
