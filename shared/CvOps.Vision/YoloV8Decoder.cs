using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <summary>YOLOv8 and 11: one output [1, 4 + classes, anchors], rows of centre x, centre y, width, height and class scores, input pixels.</summary>
internal sealed class YoloV8Decoder : PredictionDecoder
{
    private readonly BoundOutput _output;
    private readonly int _anchors;
    private readonly BoxList _boxes = new();

    public YoloV8Decoder(ModelManifest manifest, BoundOutput output) : base(manifest)
    {
        if (output.Shape.Length != 3 || output.Shape[1] != 4 + manifest.Classes.Count || output.Shape[2] < 1)
            throw new ModelException($"Output '{output.Name}' should be [1, {4 + manifest.Classes.Count}, anchors] for the manifest's {manifest.Classes.Count} classes; the model gives {ModelGraph.Shape(output.Shape)}.");
        _output = output;
        _anchors = (int)output.Shape[2];
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var data = _output.Row(row);
        for (var anchor = 0; anchor < _anchors; anchor++)
        {
            var best = 0;
            for (var c = 1; c < Manifest.Classes.Count; c++)
            {
                if (At(data, 4 + c, anchor) > At(data, 4 + best, anchor)) best = c;
            }
            var score = At(data, 4 + best, anchor);
            if (score < Manifest.Decoder.ScoreThreshold) continue;
            var halfWidth = At(data, 2, anchor) / 2;
            var halfHeight = At(data, 3, anchor) / 2;
            _boxes.Add(new BoxList.Box(best, score, At(data, 0, anchor) - halfWidth, At(data, 1, anchor) - halfHeight, At(data, 0, anchor) + halfWidth, At(data, 1, anchor) + halfHeight));
        }
    }

    public override void Finish(PreprocessPlan plan, Prediction into)
    {
        DetectionPrediction.Make(_boxes, Manifest, plan, into);
        _boxes.Clear();
    }

    private float At(ReadOnlySpan<float> data, int row, int anchor) => data[row * _anchors + anchor];
}
