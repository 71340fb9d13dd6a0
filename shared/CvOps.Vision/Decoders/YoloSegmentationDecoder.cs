using System.Numerics.Tensors;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Instance masks of YOLOv8 and 11 (ultralytics; YOLACT, Bolya et al. 2019): as <see cref="YoloV8Decoder"/>, then K coefficients; prototypes
/// [1, K, height, width] over the whole input. A mask is the sigmoid of the weighted sum of prototypes, cut at the box. It is made only for boxes that
/// stay, at the prototypes' size; the outline between samples is interpolated.
/// </summary>
internal sealed class YoloSegmentationDecoder : YoloV8Decoder
{
    // A quarter of a sample: an eighth to a half of what one sample can tell.
    private const float Tolerance = 0.25f;

    private readonly BoundOutput _prototypes;
    private readonly int _masks, _width, _height;
    private readonly float _level;
    private readonly float[] _mask;
    private readonly ContourTracer _tracer = new();
    private readonly PolygonSimplifier _simplifier = new();
    private readonly List<List<double>> _outlines = [];

    public YoloSegmentationDecoder(ModelManifest manifest, BoundOutput output, BoundOutput prototypes)
        : base(manifest, output, Prototypes(prototypes), $" and the {Prototypes(prototypes)} prototypes of '{prototypes.Name}'")
    {
        _prototypes = prototypes;
        (_masks, _height, _width) = ((int)prototypes.Shape[1], (int)prototypes.Shape[2], (int)prototypes.Shape[3]);
        var threshold = manifest.Decoder.MaskThreshold ?? 0.5;
        _level = (float)Math.Log(threshold / (1 - threshold));
        _mask = new float[_width * _height];
    }

    protected override void Describe(int place, int number, PreprocessPlan plan, Detection into)
    {
        base.Describe(place, number, plan, into);
        var (tile, anchor) = (Boxes.Tile[place], Boxes.Anchor[place]);
        var map = Map(plan, tile);
        // Input units, pixels or fractions, an axis of the prototypes has a sample for.
        var normalised = Manifest.Decoder.Units == BoxUnits.Normalised;
        var (stepX, stepY) = ((normalised ? 1f : Manifest.Input.Width) / _width, (normalised ? 1f : Manifest.Input.Height) / _height);
        var (x, y, width, height) = (Number(0, tile, anchor), Number(1, tile, anchor), Number(2, tile, anchor), Number(3, tile, anchor));
        var (left, right) = (Math.Clamp((x - width / 2) / stepX, 0, _width), Math.Clamp((x + width / 2) / stepX, 0, _width));
        var (top, bottom) = (Math.Clamp((y - height / 2) / stepY, 0, _height), Math.Clamp((y + height / 2) / stepY, 0, _height));
        var (column, row) = ((int)left, (int)top);
        var (columns, rows) = ((int)MathF.Ceiling(right) - column, (int)MathF.Ceiling(bottom) - row);
        into.Polygon = null;
        into.MaskArea = 0;
        if (columns <= 0 || rows <= 0) return;

        var mask = _mask.AsSpan(0, columns * rows);
        Fill(mask, tile, anchor, column, row, columns, rows);
        var covered = 0;
        foreach (var value in mask) covered += value > _level ? 1 : 0;
        into.MaskArea = Math.Min(covered * (double)(stepX * map.ScaleX) * (stepY * map.ScaleY), into.Width * into.Height);
        _tracer.Trace(mask, columns, rows, _level);
        var corners = _simplifier.Simplify(_tracer.X, _tracer.Y, Tolerance, Limits.PolygonCorners);
        if (corners < 3) return;
        while (number >= _outlines.Count) _outlines.Add([]);
        var outline = _outlines[number];
        outline.Clear();
        for (var i = 0; i < corners; i++)
        {
            // A sample stands for its cell's centre.
            var cornerX = map.X(Math.Clamp(column + _tracer.X[i] + 0.5f, left, right) * stepX);
            var cornerY = map.Y(Math.Clamp(row + _tracer.Y[i] + 0.5f, top, bottom) * stepY);
            outline.Add(Math.Round(Math.Clamp(cornerX, 0, plan.Width), 1));
            outline.Add(Math.Round(Math.Clamp(cornerY, 0, plan.Height), 1));
        }
        into.Polygon = outline;
    }

    private void Fill(Span<float> mask, int tile, int anchor, int column, int row, int columns, int rows)
    {
        var prototypes = _prototypes.Row(RowOf(tile));
        mask.Clear();
        for (var k = 0; k < _masks; k++)
        {
            var weight = Number(4 + ClassCount + k, tile, anchor);
            for (var y = 0; y < rows; y++)
            {
                var line = mask.Slice(y * columns, columns);
                TensorPrimitives.MultiplyAdd(prototypes.Slice((k * _height + row + y) * _width + column, columns), weight, line, line);
            }
        }
    }

    /// <exception cref="ModelException">These are no prototypes.</exception>
    private static int Prototypes(BoundOutput output) =>
        !output.Free && output.Shape.Length == 4 && output.Shape[0] == 1 && output.Shape.All(side => side > 0) ? (int)output.Shape[1]
        : throw new ModelException($"Output '{output.Name}' should be prototypes, [1, K, height, width]; the model gives {ModelGraph.Shape(output.Shape)}.");
}
