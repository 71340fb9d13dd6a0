using System.Numerics.Tensors;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>
/// DETR and its kin without post-processing: logits [1, N, classes] for a sigmoid (Deformable DETR, RT-DETR), or [1, N, classes + 1] for a softmax whose
/// last is no object (DETR, Carion et al. 2020); boxes [1, N, 4] of centre x, centre y, width, height, normalised. A query is one box, of its best class.
/// </summary>
internal sealed class DetrDecoder : BoxDecoder
{
    private readonly BoundOutput _logits;
    private readonly BoundOutput _boxes;
    private readonly int _count;
    private readonly bool _softmax;

    public DetrDecoder(ModelManifest manifest, BoundOutput logits, BoundOutput boxes) : base(manifest, NmsMode.None, BoxUnits.Normalised)
    {
        if (logits.Free || logits.Shape.Length != 3 || logits.Shape[0] != 1 || logits.Shape[2] - ClassCount is not (0 or 1))
            throw new ModelException($"Output '{logits.Name}' should be [1, queries, {ClassCount}] for the manifest's {ClassCount} classes, or [1, queries, {ClassCount + 1}] with no object last; the model gives {ModelGraph.Shape(logits.Shape)}.");
        _count = (int)logits.Shape[1];
        if (boxes.Free || boxes.Shape.Length != 3 || boxes.Shape[1] != _count || boxes.Shape[2] != 4) throw new ModelException($"Output '{boxes.Name}' should be [1, {_count}, 4]; the model gives {ModelGraph.Shape(boxes.Shape)}.");
        (_logits, _boxes, _softmax) = (logits, boxes, logits.Shape[2] > ClassCount);
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var logits = _logits.Row(row);
        var boxes = _boxes.Row(row);
        var map = Map(plan, tile);
        var width = ClassCount + (_softmax ? 1 : 0);
        for (var i = 0; i < _count; i++)
        {
            var own = logits.Slice(i * width, width);
            var best = TensorPrimitives.Max(own[..ClassCount]);
            var score = _softmax ? Share(own, best) : 1 / (1 + MathF.Exp(-best));
            if (score < ScoreThreshold) continue;
            var (x, y, halfWidth, halfHeight) = (boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2] / 2, boxes[4 * i + 3] / 2);
            Boxes.Add(map.X(x - halfWidth), map.Y(y - halfHeight), map.X(x + halfWidth), map.Y(y + halfHeight), score, own.IndexOf(best), tile, i);
        }
    }

    private static float Share(ReadOnlySpan<float> logits, float best)
    {
        // Minus the largest, so that no exponential overflows.
        var largest = TensorPrimitives.Max(logits);
        var sum = 0f;
        foreach (var logit in logits) sum += MathF.Exp(logit - largest);
        return MathF.Exp(best - largest) / sum;
    }
}
