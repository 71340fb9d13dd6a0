using System.Numerics.Tensors;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>
/// NanoDet: for each stride scores [cells, classes], already sigmoid, and distances [cells, 4 * bins]. A side's distance is the expected bin
/// of its softmax times the stride, from the cell's centre at (i + 0.5) * stride (generalised focal loss, Li et al. 2020).
/// </summary>
internal sealed class NanoDetDecoder : BoxDecoder
{
    private readonly List<Level> _levels = [];

    private sealed record Level(int Stride, int Columns, int Rows, BoundOutput Scores, BoundOutput Distances, int Bins);

    public NanoDetDecoder(ModelManifest manifest, IReadOnlyList<BoundOutput> outputs) : base(manifest)
    {
        var strides = manifest.Decoder.Strides;
        for (var i = 0; i < strides.Count; i++)
        {
            var scores = outputs[i];
            var distances = outputs[strides.Count + i];
            var columns = AnchorGrid.Along(manifest.Input.Width, strides[i]);
            var rows = AnchorGrid.Along(manifest.Input.Height, strides[i]);
            var cells = columns * rows;
            if (scores.Length != cells * manifest.Classes.Count)
                throw new ModelException($"Scores '{scores.Name}' at stride {strides[i]} should be [{cells}, {manifest.Classes.Count}] for the manifest's {manifest.Classes.Count} classes; the model gives {ModelGraph.Shape(scores.Shape)}.");
            var bins = distances.Length / (4 * cells);
            if (bins < 2 || distances.Length != 4 * bins * cells)
                throw new ModelException($"Distances '{distances.Name}' at stride {strides[i]} should be [{cells}, 4 x bins]; the model gives {ModelGraph.Shape(distances.Shape)}.");
            _levels.Add(new Level(strides[i], columns, rows, scores, distances, bins));
        }
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var map = Map(plan, tile);
        foreach (var level in _levels)
        {
            var scores = level.Scores.Row(row);
            var distances = level.Distances.Row(row);
            for (var cell = 0; cell < level.Columns * level.Rows; cell++) Consider(level, cell, scores, distances, map, tile);
        }
    }

    private void Consider(Level level, int cell, ReadOnlySpan<float> levelScores, ReadOnlySpan<float> levelDistances, in PictureMap map, int tile)
    {
        var scores = levelScores.Slice(cell * ClassCount, ClassCount);
        var score = TensorPrimitives.Max(scores);
        if (score < ScoreThreshold) return;
        var x = (cell % level.Columns + 0.5f) * level.Stride;
        var y = (cell / level.Columns + 0.5f) * level.Stride;
        var sides = levelDistances.Slice(cell * 4 * level.Bins, 4 * level.Bins);
        var left = Distance(sides[..level.Bins]) * level.Stride;
        var top = Distance(sides.Slice(level.Bins, level.Bins)) * level.Stride;
        var right = Distance(sides.Slice(2 * level.Bins, level.Bins)) * level.Stride;
        var bottom = Distance(sides.Slice(3 * level.Bins, level.Bins)) * level.Stride;
        Boxes.Add(map.X(x - left), map.Y(y - top), map.X(x + right), map.Y(y + bottom), score, scores.IndexOf(score), tile, cell);
    }

    private static float Distance(ReadOnlySpan<float> logits)
    {
        var largest = logits[0];
        foreach (var logit in logits) largest = Math.Max(largest, logit);
        float sum = 0, expected = 0;
        for (var bin = 0; bin < logits.Length; bin++)
        {
            var weight = MathF.Exp(logits[bin] - largest);
            sum += weight;
            expected += weight * bin;
        }
        return expected / sum;
    }
}
