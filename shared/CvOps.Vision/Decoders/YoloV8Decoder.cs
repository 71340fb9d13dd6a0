using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>
/// YOLOv8, v9 and 11 (ultralytics): one output, anchors in columns [1, 4 + classes, anchors] or in rows [1, anchors, 4 + classes]; centre x,
/// centre y, width, height, class scores, then whatever a special head adds; input pixels.
/// </summary>
internal class YoloV8Decoder : BoxDecoder
{
    private readonly BoundOutput _output;
    private readonly int _anchors;
    private readonly int _numbers;
    private readonly bool _columns;
    private int _firstRow;

    public YoloV8Decoder(ModelManifest manifest, BoundOutput output) : this(manifest, output, extras: 0, "") { }

    /// <param name="extras">Numbers an anchor has after its class scores.</param>
    /// <param name="extrasInWords">How a sentence about shapes calls them.</param>
    protected YoloV8Decoder(ModelManifest manifest, BoundOutput output, int extras, string extrasInWords) : base(manifest)
    {
        _numbers = 4 + ClassCount + extras;
        var shape = output.Shape;
        if (output.Free || shape.Length != 3 || shape[0] != 1 || shape[1] < 1 || shape[2] < 1 || (shape[1] != _numbers && shape[2] != _numbers))
            throw new ModelException($"Output '{output.Name}' should be [1, {_numbers}, anchors] or [1, anchors, {_numbers}] for the manifest's {ClassCount} classes{extrasInWords}; the model gives {ModelGraph.Shape(shape)}.");
        _output = output;
        _columns = shape[1] == _numbers;
        _anchors = (int)shape[_columns ? 2 : 1];
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        _firstRow = row - tile;
        var data = _output.Row(row);
        var map = Map(plan, tile);
        if (!_columns)
        {
            for (var anchor = 0; anchor < _anchors; anchor++)
            {
                var scores = data.Slice(anchor * _numbers + 4, ClassCount);
                var score = System.Numerics.Tensors.TensorPrimitives.Max(scores);
                if (score >= ScoreThreshold) Add(data, anchor, score, scores.IndexOf(score), map, tile);
            }
            return;
        }
        var rows = data.Slice(4 * _anchors, ClassCount * _anchors);
        Span<float> best = stackalloc float[ScoreRows.Block];
        for (var start = 0; start < _anchors; start += ScoreRows.Block)
        {
            var block = best[..Math.Min(ScoreRows.Block, _anchors - start)];
            ScoreRows.Largest(rows, _anchors, start, block);
            for (var i = ScoreRows.Next(block, 0, ScoreThreshold); i >= 0; i = ScoreRows.Next(block, i + 1, ScoreThreshold))
                Add(data, start + i, block[i], ScoreRows.RowOf(rows, _anchors, start + i, block[i]), map, tile);
        }
    }

    /// <summary>One of an anchor's numbers in the outputs that were collected.</summary>
    protected float Number(int number, int tile, int anchor) => At(_output.Row(_firstRow + tile), number, anchor);

    /// <summary>The slot's row a tile was collected from.</summary>
    protected int RowOf(int tile) => _firstRow + tile;

    /// <param name="x">Centre.</param>
    protected virtual void AddBox(float x, float y, float width, float height, float score, int @class, in PictureMap map, int tile, int anchor) =>
        Boxes.Add(map.X(x - width / 2), map.Y(y - height / 2), map.X(x + width / 2), map.Y(y + height / 2), score, @class, tile, anchor);

    private void Add(ReadOnlySpan<float> data, int anchor, float score, int @class, in PictureMap map, int tile) =>
        AddBox(At(data, 0, anchor), At(data, 1, anchor), At(data, 2, anchor), At(data, 3, anchor), score, @class, map, tile, anchor);

    private float At(ReadOnlySpan<float> data, int number, int anchor) => _columns ? data[number * _anchors + anchor] : data[anchor * _numbers + number];
}
