using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Semantic segmentation: how much of the picture each class covers. Padding is not counted; what overlapping tiles both see counts twice; pixels outside
/// the region of interest count as whatever the model takes them for.
/// </summary>
internal sealed class SegmentationDecoder(ModelManifest manifest, PixelClasses pixels) : PredictionDecoder(manifest)
{
    private readonly long[] _counts = new long[manifest.Classes.Count];
    private readonly bool[] _rejects = [.. manifest.Classes.Select(manifest.RejectClasses.Contains)];
    private readonly double _rejectArea = manifest.Decoder.RejectArea ?? 1;
    private readonly List<ClassArea> _areas = [];
    private string? _stray;

    public override void Collect(int row, PreprocessPlan plan, int tile) =>
        _stray = pixels.Count(row, GridWindow.Of(plan, tile, Manifest.Input, pixels.Columns, pixels.Rows), _counts) ?? _stray;

    public override void Finish(PreprocessPlan plan, Prediction into)
    {
        var all = 0L;
        foreach (var count in _counts) all += count;
        // A class that rejects goes before one that does not, then the larger before the smaller.
        var (best, second, worst) = (0, 0.0, -1);
        var (entropy, margin) = (0.0, 1.0);
        _areas.Clear();
        for (var i = 0; i < _counts.Length; i++)
        {
            var area = all == 0 ? 0 : _counts[i] / (double)all;
            if (area > 0)
            {
                _areas.Add(new ClassArea(Manifest.Classes[i], area));
                entropy -= area * Math.Log(area);
            }
            if (_rejects[i])
            {
                margin = Math.Min(margin, Math.Abs(area - _rejectArea));
                if (area > _rejectArea && (worst < 0 || _counts[i] > _counts[worst])) worst = i;
            }
            if (i > 0 && _counts[i] > _counts[best]) (second, best) = (_counts[best], i);
            else if (i > 0) second = Math.Max(second, _counts[i]);
        }
        var answer = worst >= 0 ? worst : best;
        into.Class = all == 0 ? null : Manifest.Classes[answer];
        into.Confidence = all == 0 ? 0 : _counts[answer] / (double)all;
        into.Margin = all == 0 ? 0 : Manifest.RejectClasses.Count > 0 ? margin : (_counts[best] - second) / all;
        into.Entropy = _counts.Length == 1 ? 0 : Math.Clamp(entropy / Math.Log(_counts.Length), 0, 1);
        into.Reject = worst >= 0;
        into.Areas = _areas;
        into.Detections.Clear();
        Array.Clear(_counts);
        Problem = _stray;
        _stray = null;
    }
}
