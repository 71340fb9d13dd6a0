using System.Numerics.Tensors;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>
/// YOLOv5, v7 and YOLOX: one output [1, anchors, 5 + classes]: centre x, centre y, width, height, objectness, class scores, both 0..1; a box's
/// score is their product. With strides the centre and size are still offsets in cells, as YOLOX exports them.
/// </summary>
internal sealed class YoloV5Decoder : BoxDecoder
{
    private readonly BoundOutput _output;
    private readonly int _numbers;
    private readonly int _anchors;
    private readonly AnchorGrid? _grid;

    public YoloV5Decoder(ModelManifest manifest, BoundOutput output, IReadOnlyList<int> strides) : base(manifest)
    {
        _numbers = 5 + ClassCount;
        var shape = output.Shape;
        _grid = strides.Count == 0 ? null : new AnchorGrid(manifest.Input, strides);
        if (output.Free || shape.Length != 3 || shape[0] != 1 || shape[1] < 1 || shape[2] != _numbers || (_grid is not null && shape[1] != _grid.Cells))
            throw new ModelException($"Output '{output.Name}' should be [1, {_grid?.Cells.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "anchors"}, {_numbers}] for the manifest's {ClassCount} classes{(_grid is null ? "" : " and strides")}; the model gives {ModelGraph.Shape(shape)}.");
        _output = output;
        _anchors = (int)shape[1];
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var data = _output.Row(row);
        var map = Map(plan, tile);
        for (var anchor = 0; anchor < _anchors; anchor++)
        {
            var numbers = data.Slice(anchor * _numbers, _numbers);
            // No class score is above 1, so most anchors are done with here.
            var objectness = numbers[4];
            if (objectness < ScoreThreshold) continue;
            var best = TensorPrimitives.Max(numbers[5..]);
            var score = objectness * best;
            if (score < ScoreThreshold) continue;
            var (x, y, width, height) = (numbers[0], numbers[1], numbers[2], numbers[3]);
            if (_grid is not null)
            {
                var (column, line, stride) = _grid[anchor];
                (x, y, width, height) = ((x + column) * stride, (y + line) * stride, MathF.Exp(width) * stride, MathF.Exp(height) * stride);
            }
            Boxes.Add(map.X(x - width / 2), map.Y(y - height / 2), map.X(x + width / 2), map.Y(y + height / 2), score, numbers[5..].IndexOf(best), tile, anchor);
        }
    }
}
