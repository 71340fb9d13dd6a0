using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Models that list finished boxes, each with a score and the number of its class: NMS in the graph, or none needed. Rows without a score are
/// padding, classes below the first are background, and a class beyond the manifest's leaves the picture without a prediction.
/// </summary>
internal sealed class ListedBoxesDecoder(ModelManifest manifest, ListedBoxes list) : BoxDecoder(manifest, NmsMode.None, list.Units)
{
    private readonly int _firstClassId = manifest.Decoder.FirstClassId ?? list.FirstClassId;
    private string? _stray;

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var boxes = list.Boxes.Output.Row(row);
        var scores = list.Scores.Output.Row(row);
        var classes = list.Classes.Output.Row(row);
        var rows = Math.Min(boxes.Length / list.Boxes.Stride, Math.Min(scores.Length / list.Scores.Stride, classes.Length / list.Classes.Stride));
        if (list.Count is { } count) rows = Math.Clamp((int)Math.Min(count.Row(row)[0], rows), 0, rows);
        var map = Map(plan, tile);
        for (var i = 0; i < rows; i++)
        {
            if (list.Picture is { } picture && picture.Output.Row(row)[i * picture.Stride + picture.Offset] < 0) break;
            var score = scores[i * list.Scores.Stride + list.Scores.Offset];
            if (score < ScoreThreshold || score <= 0) continue;
            var @class = (int)MathF.Round(classes[i * list.Classes.Stride + list.Classes.Offset]) - _firstClassId;
            if (@class < 0) continue;
            if (@class >= ClassCount)
            {
                _stray ??= $"Output '{list.Classes.Output.Name}' names class {@class + _firstClassId}; the manifest's {ClassCount} classes end at {ClassCount - 1 + _firstClassId}. The frame has no prediction.";
                continue;
            }
            var box = boxes.Slice(i * list.Boxes.Stride + list.Boxes.Offset, 4);
            if (list.TopFirst) Boxes.Add(map.X(box[1]), map.Y(box[0]), map.X(box[3]), map.Y(box[2]), score, @class, tile, i);
            else Boxes.Add(map.X(box[0]), map.Y(box[1]), map.X(box[2]), map.Y(box[3]), score, @class, tile, i);
        }
    }

    public override void Finish(PreprocessPlan plan, Prediction into)
    {
        base.Finish(plan, into);
        Problem = _stray;
        _stray = null;
    }
}
