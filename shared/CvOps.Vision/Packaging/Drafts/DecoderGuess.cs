using CvOps.Contracts.Packages;

namespace CvOps.Vision.Packaging.Drafts;

/// <summary>What form a model's outputs have, as far as names, shapes and a run tell.</summary>
/// <param name="Kind">Null when it could not be told; <paramref name="Hint"/> says what there is to choose from.</param>
/// <param name="Outputs">Names in the order the kind wants; all of them when it is not known.</param>
/// <param name="Classes">How many; null when that could not be told.</param>
/// <param name="Strides">Of NanoDet, in the order of the outputs.</param>
internal sealed record DecoderGuess(DecoderKind? Kind, IReadOnlyList<string> Outputs, int? Classes, string? Hint = null, string? Embedding = null, IReadOnlyList<int>? Strides = null)
{
    // The usual heads, those with one more for large objects, and those with one more for small ones.
    private static readonly int[][] YoloStrides = [[8, 16, 32], [8, 16, 32, 64], [4, 8, 16, 32]];

    /// <param name="answers">What a run gave; without a run, what the graph declares, with no values and -1 for open sides.</param>
    /// <param name="side">Height and width of the input; null when open.</param>
    public static DecoderGuess Of(IReadOnlyList<OnnxAnswer> answers, ExporterMetadata metadata, (int Height, int Width)? side) =>
        ByNames(answers) ?? Several(answers, side) ?? (answers.Count == 1 ? Single(answers[0], metadata, side) : null) ?? Rows(answers) ?? Unknown(answers, "no form this version knows was recognised");

    private static DecoderGuess Unknown(IReadOnlyList<OnnxAnswer> answers, string because) =>
        new(null, [.. answers.Select(answer => answer.Name)], null, $"{because}; the outputs are {string.Join(", ", answers.Select(answer => $"'{answer.Name}' {ModelGraph.Shape(answer.Shape)}"))}");

    /// <summary>Exporters that name their outputs by a convention.</summary>
    private static DecoderGuess? ByNames(IReadOnlyList<OnnxAnswer> answers)
    {
        var byName = answers.ToDictionary(answer => answer.Name, answer => answer.Shape);
        if (All("num_dets", "det_boxes", "det_scores", "det_classes") is { } efficient) return new(DecoderKind.EfficientNms, efficient, null);
        if (All("detection_boxes", "detection_classes", "detection_scores", "num_detections") is { } tensorFlow) return new(DecoderKind.TensorFlowDetection, tensorFlow, null);
        if (All("labels", "boxes", "scores") is { } listed) return byName["boxes"].Count == 3 ? new(DecoderKind.RtDetr, listed, null) : new(DecoderKind.Torchvision, ["boxes", "labels", "scores"], null);
        foreach (var (logits, boxes) in ((string, string)[])[("pred_logits", "pred_boxes"), ("logits", "pred_boxes"), ("labels", "dets")])
        {
            // Whether the last class is "no object" the outputs do not tell.
            if (All(logits, boxes) is { } detr) return new(DecoderKind.Detr, detr, null);
        }

        if (All("score", "anomaly_map") is { } anomaly) return new(DecoderKind.AnomalyMap, anomaly, 2);
        return All("pred_score", "anomaly_map") is { } padim ? new(DecoderKind.AnomalyMap, padim, 2) : null;

        string[]? All(params string[] names) => names.All(byName.ContainsKey) ? names : null;
    }

    private static DecoderGuess? Several(IReadOnlyList<OnnxAnswer> answers, (int Height, int Width)? side)
    {
        if (answers.Count == 2 && answers.FirstOrDefault(a => a.Shape.Count == 4) is { } prototypes && answers.FirstOrDefault(a => a.Shape.Count == 3) is { } boxes && side is { } input
            && IsGrid(Math.Max(boxes.Shape[1], boxes.Shape[2]), input, 1) && prototypes.Shape[2] == input.Height / 4 && Small(boxes) - 4 - prototypes.Shape[1] is > 0 and var classes)
            return new(DecoderKind.YoloSegmentation, [boxes.Name, prototypes.Name], (int)classes);
        return answers.Count is 6 or 8 && side is { } size ? NanoDet(answers, size) : null;
    }

    /// <summary>By stride scores [cells, classes] and distances [cells, 4 x bins].</summary>
    private static DecoderGuess? NanoDet(IReadOnlyList<OnnxAnswer> answers, (int Height, int Width) side)
    {
        var strides = ((int[])[8, 16, 32, 64])[..(answers.Count / 2)];
        var levels = strides.Select(stride => answers.Where(answer => answer.Shape.Count >= 2 && answer.Shape[^2] == Cells(side, stride)).ToArray()).ToArray();
        if (levels.Any(level => level.Length != 2)) return null;
        // The scores are the ones within 0 and 1; distances are logits of bins.
        var scores = levels.Select(level => level.Where(Within0And1).ToArray()).ToArray();
        if (scores.Any(level => level.Length != 1)) return null;
        var distances = levels.Select((level, i) => level.Single(answer => answer != scores[i][0])).ToArray();
        if (distances.Any(level => level.Shape[^1] % 4 != 0)) return null;
        return new(DecoderKind.NanoDet, [.. scores.Select(level => level[0].Name), .. distances.Select(level => level.Name)], (int)scores[0][0].Shape[^1], Strides: strides);
    }

    private static DecoderGuess? Single(OnnxAnswer answer, ExporterMetadata metadata, (int Height, int Width)? side)
    {
        var shape = answer.Shape;
        if (shape is [1, 1, _, 7]) return new(DecoderKind.CaffeDetection, [answer.Name], null);
        if (shape is [_, 7]) return new(DecoderKind.YoloV7EndToEnd, [answer.Name], null);
        if (shape is [1, _, 6] && metadata.Task is null or "detect" && shape[1] <= 1000) return new(DecoderKind.YoloV10, [answer.Name], metadata.Names?.Count);
        if (shape is [1, _, _]) return Anchors(answer, metadata, side);
        return shape is [1, > 1, > 1, > 1] ? new(DecoderKind.Segmentation, [answer.Name], (int)shape[1]) : null;
    }

    /// <summary>The YOLO family: one row or column for each anchor.</summary>
    private static DecoderGuess? Anchors(OnnxAnswer answer, ExporterMetadata metadata, (int Height, int Width)? side)
    {
        var numbers = (int)Small(answer);
        var (anchors, names) = (Math.Max(answer.Shape[1], answer.Shape[2]), metadata.Names?.Count);
        if (numbers < 5 || numbers == anchors) return null;
        if (side is not { } input) return null;
        var (free, based) = (IsGrid(anchors, input, 1), IsGrid(anchors, input, 3));
        if (based && numbers > 5) return new(DecoderKind.YoloV5, [answer.Name], numbers - 5);
        if (!free) return null;
        switch (metadata.Task)
        {
            case "detect": return new(DecoderKind.YoloV8, [answer.Name], numbers - 4);
            case "obb": return new(DecoderKind.YoloObb, [answer.Name], numbers - 5);
            case "pose" when names is { } count: return new(DecoderKind.YoloPose, [answer.Name], count);
        }

        var both = $"output '{answer.Name}' is {ModelGraph.Shape(answer.Shape)}: ";
        if (names == numbers - 4) return new(DecoderKind.YoloV8, [answer.Name], names);
        if (answer.Shape[1] == numbers) return new(null, [answer.Name], names, both + $"YoloV8 with {numbers - 4} classes, YoloObb with {numbers - 5}, or YoloPose");
        return new(null, [answer.Name], names, both + $"YoloX with {numbers - 5} classes (and strides [8, 16, 32] if the model does not decode its boxes itself), or YoloV8 transposed with {numbers - 4}");
    }

    /// <summary>Classifiers: a row of a number for each class, perhaps one more row that is an embedding.</summary>
    private static DecoderGuess? Rows(IReadOnlyList<OnnxAnswer> answers)
    {
        if (answers.Count > 3 || answers.Any(answer => answer.Shape is not [_, > 1])) return null;
        var sums = answers.Where(answer => answer.Values.Length > 0 && Within0And1(answer) && Math.Abs(answer.Values.Sum() - 1) < 1e-3).ToArray();
        var rest = answers.Except(sums).ToArray();
        var embedding = rest.FirstOrDefault(answer => Says(answer, "embed") || Says(answer, "feature"))?.Name;
        if (sums.Length == 1) return new(DecoderKind.Probabilities, [sums[0].Name], (int)sums[0].Shape[1], Embedding: embedding);
        var candidates = rest.Where(answer => answer.Name != embedding).ToArray();
        if (sums.Length > 1 || candidates.Length != 1) return null;
        var row = candidates[0];
        var classes = (int)row.Shape[1];
        return row.Values.Length > 0 && Within0And1(row)
            ? new(null, [row.Name], classes, $"output '{row.Name}' has {classes} numbers from 0 to 1 that do not add up to 1: MultiLabelProbabilities if each class counts for itself", embedding)
            : new(null, [row.Name], classes, $"output '{row.Name}' has {classes} numbers that are no probabilities: Logits if one class counts, MultiLabelLogits if each counts for itself", embedding);

        static bool Says(OnnxAnswer answer, string word) => answer.Name.Contains(word, StringComparison.OrdinalIgnoreCase);
    }

    private static long Small(OnnxAnswer answer) => Math.Min(answer.Shape[1], answer.Shape[2]);

    private static bool IsGrid(long anchors, (int Height, int Width) side, int boxesACell) => YoloStrides.Any(strides => anchors == boxesACell * strides.Sum(stride => Cells(side, stride)));

    private static long Cells((int Height, int Width) side, int stride) => (long)((side.Height + stride - 1) / stride) * ((side.Width + stride - 1) / stride);

    private static bool Within0And1(OnnxAnswer answer) => answer.Values.Length > 0 && answer.Values.All(value => value is >= 0 and <= 1 + 1e-4f);
}
