using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>
/// SSD without its last layer (Liu et al. 2016): boxes [1, N, 4] of left, top, right, bottom, normalised; class probabilities [1, N, classes], or one
/// more, the first the background. Every class over the threshold is a box.
/// </summary>
internal sealed class SsdDecoder : BoxDecoder
{
    private readonly BoundOutput _boxes;
    private readonly BoundOutput _scores;
    private readonly int _count;
    private readonly int _background;

    public SsdDecoder(ModelManifest manifest, BoundOutput boxes, BoundOutput scores) : base(manifest, units: BoxUnits.Normalised)
    {
        if (boxes.Free || boxes.Shape.Length != 3 || boxes.Shape[0] != 1 || boxes.Shape[2] != 4) throw new ModelException($"Output '{boxes.Name}' should be [1, boxes, 4]; the model gives {ModelGraph.Shape(boxes.Shape)}.");
        _count = (int)boxes.Shape[1];
        if (scores.Free || scores.Shape.Length != 3 || scores.Shape[1] != _count || scores.Shape[2] - ClassCount is not (0 or 1))
            throw new ModelException($"Output '{scores.Name}' should be [1, {_count}, {ClassCount}] for the manifest's {ClassCount} classes, or [1, {_count}, {ClassCount + 1}] with a background first; the model gives {ModelGraph.Shape(scores.Shape)}.");
        (_boxes, _scores, _background) = (boxes, scores, (int)scores.Shape[2] - ClassCount);
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var boxes = _boxes.Row(row);
        var scores = _scores.Row(row);
        var map = Map(plan, tile);
        for (var i = 0; i < _count; i++)
        {
            var own = scores.Slice(i * (ClassCount + _background) + _background, ClassCount);
            for (var c = ScoreRows.Next(own, 0, ScoreThreshold); c >= 0; c = ScoreRows.Next(own, c + 1, ScoreThreshold))
                Boxes.Add(map.X(boxes[4 * i]), map.Y(boxes[4 * i + 1]), map.X(boxes[4 * i + 2]), map.Y(boxes[4 * i + 3]), own[c], c, tile, i);
        }
    }
}
