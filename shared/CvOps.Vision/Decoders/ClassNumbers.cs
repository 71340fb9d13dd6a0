using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>Class numbers, [1, height, width] or [1, 1, height, width].</summary>
internal sealed class ClassNumbers : PixelClasses
{
    private readonly BoundOutput _output;

    public ClassNumbers(ModelManifest manifest, BoundOutput output)
    {
        var shape = output.Shape;
        if (output.Free || shape.Length is not (3 or 4) || shape[..^2].Any(side => side != 1)) throw new ModelException($"Output '{output.Name}' should be class numbers, [1, height, width] or [1, 1, height, width]; the model gives {ModelGraph.Shape(shape)}.");
        _output = output;
        (Rows, Columns) = ((int)shape[^2], (int)shape[^1]);
    }

    public override int Columns { get; }

    public override int Rows { get; }

    public override string? Count(int row, in GridWindow window, Span<long> counts)
    {
        var numbers = _output.Row(row);
        for (var y = window.Top; y < window.Bottom; y++)
        {
            foreach (var number in numbers[(y * Columns + window.Left)..(y * Columns + window.Right)])
            {
                var @class = (int)number;
                if ((uint)@class >= (uint)counts.Length) return $"Output '{_output.Name}' names class {number}; the manifest's {counts.Length} classes end at {counts.Length - 1}. The frame has no prediction.";
                counts[@class]++;
            }
        }
        return null;
    }
}
