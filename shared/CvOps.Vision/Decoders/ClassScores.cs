using System.Numerics;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>Scores, of which the largest counts, the first of equals: [1, classes, height, width] or [1, height, width, classes]; or of two classes that of the second alone.</summary>
internal sealed class ClassScores : PixelClasses
{
    private const int Block = 256;

    private readonly BoundOutput _output;
    private readonly int _channels;
    private readonly bool _last;
    private readonly float _threshold;

    private ClassScores(BoundOutput output, int channels, int rows, int columns, bool last, float threshold) =>
        (_output, _channels, Rows, Columns, _last, _threshold) = (output, channels, rows, columns, last, threshold);

    public override int Columns { get; }

    public override int Rows { get; }

    /// <exception cref="ModelException">The shape does not fit the class count.</exception>
    public static ClassScores Of(ModelManifest manifest, BoundOutput output)
    {
        var (shape, classes) = (output.Shape, manifest.Classes.Count);
        if (!output.Free && shape.Length == 4 && shape[0] == 1)
        {
            if (shape[1] == classes || (shape[1] == 1 && classes == 2)) return new(output, (int)shape[1], (int)shape[2], (int)shape[3], last: false, (float)manifest.Decoder.ScoreThreshold);
            if (shape[3] == classes) return new(output, classes, (int)shape[1], (int)shape[2], last: true, 0);
        }
        throw new ModelException($"Output '{output.Name}' should be [1, {classes}, height, width]{(classes == 2 ? ", [1, 1, height, width]" : "")} or [1, height, width, {classes}] for the manifest's {classes} classes; the model gives {ModelGraph.Shape(shape)}.");
    }

    public override string? Count(int row, in GridWindow window, Span<long> counts)
    {
        var scores = _output.Row(row);
        Span<int> best = stackalloc int[Block];
        for (var y = window.Top; y < window.Bottom; y++)
        {
            for (var x = window.Left; x < window.Right; x += Block)
            {
                var block = best[..Math.Min(Block, window.Right - x)];
                var start = y * Columns + x;
                if (_last) BestOfRows(scores[(start * _channels)..], block);
                else if (_channels == 1) Cut(scores[start..], block);
                else BestOfPlanes(scores[start..], block);
                foreach (var @class in block) counts[@class]++;
            }
        }
        return null;
    }

    private void BestOfPlanes(ReadOnlySpan<float> scores, Span<int> best)
    {
        var plane = Rows * Columns;
        var i = 0;
        for (; i + Vector<float>.Count <= best.Length; i += Vector<float>.Count)
        {
            var largest = new Vector<float>(scores[i..]);
            var found = Vector<int>.Zero;
            for (var c = 1; c < _channels; c++)
            {
                var own = new Vector<float>(scores[(c * plane + i)..]);
                var more = Vector.GreaterThan(own, largest);
                largest = Vector.ConditionalSelect(more, own, largest);
                found = Vector.ConditionalSelect(more, new Vector<int>(c), found);
            }
            found.CopyTo(best[i..]);
        }
        for (; i < best.Length; i++)
        {
            best[i] = 0;
            for (var c = 1; c < _channels; c++)
            {
                if (scores[c * plane + i] > scores[best[i] * plane + i]) best[i] = c;
            }
        }
    }

    private void BestOfRows(ReadOnlySpan<float> scores, Span<int> best)
    {
        for (var i = 0; i < best.Length; i++)
        {
            var own = scores.Slice(i * _channels, _channels);
            best[i] = 0;
            for (var c = 1; c < own.Length; c++)
            {
                if (own[c] > own[best[i]]) best[i] = c;
            }
        }
    }

    private void Cut(ReadOnlySpan<float> scores, Span<int> best)
    {
        for (var i = 0; i < best.Length; i++) best[i] = scores[i] >= _threshold ? 1 : 0;
    }
}
