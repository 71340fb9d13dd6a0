using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>Keypoints of YOLOv8 and 11: as <see cref="YoloV8Decoder"/>, then x, y and score of each keypoint, or x and y alone; input pixels, scores 0..1.</summary>
internal sealed class YoloPoseDecoder : YoloV8Decoder
{
    private readonly int _keypoints;
    private readonly int _numbers;

    public YoloPoseDecoder(ModelManifest manifest, BoundOutput output) : this(manifest, output, manifest.Decoder.Keypoints?.Count ?? 0) { }

    private YoloPoseDecoder(ModelManifest manifest, BoundOutput output, int keypoints)
        : base(manifest, output, NumbersOf(manifest, output, keypoints) * keypoints, $" and {keypoints} keypoints") =>
        (_keypoints, _numbers) = (keypoints, NumbersOf(manifest, output, keypoints));

    protected override void Describe(int place, int number, PreprocessPlan plan, Detection into)
    {
        base.Describe(place, number, plan, into);
        var (tile, anchor) = (Boxes.Tile[place], Boxes.Anchor[place]);
        var map = Map(plan, tile);
        var points = into.Keypoints ??= [];
        points.Clear();
        for (var i = 0; i < _keypoints; i++)
        {
            var at = 4 + ClassCount + i * _numbers;
            points.Add(Math.Round(map.X(Number(at, tile, anchor)), 2));
            points.Add(Math.Round(map.Y(Number(at + 1, tile, anchor)), 2));
            points.Add(_numbers == 3 ? Math.Round(Math.Clamp(Number(at + 2, tile, anchor), 0, 1), 4) : 1);
        }
    }

    private static int NumbersOf(ModelManifest manifest, BoundOutput output, int keypoints)
    {
        var two = 4 + manifest.Classes.Count + 2 * keypoints;
        return output.Shape.Length == 3 && (output.Shape[1] == two || output.Shape[2] == two) && !output.Shape.Contains(two + keypoints) ? 2 : 3;
    }
}
