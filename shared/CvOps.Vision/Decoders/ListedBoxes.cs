using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>Where one number of a listed box stands: at <c>row * Stride + Offset</c> of an output.</summary>
internal readonly record struct BoxColumn(BoundOutput Output, int Stride, int Offset = 0);

/// <summary>Where a model that lists finished boxes writes what.</summary>
/// <param name="Boxes">Four numbers in a row, left first unless <paramref name="TopFirst"/>.</param>
/// <param name="Count">How many rows count; null for all.</param>
/// <param name="Picture">Number of the picture; one below 0 ends the list. Null when there is none.</param>
internal sealed record ListedBoxes(BoxColumn Boxes, BoxColumn Scores, BoxColumn Classes, BoundOutput? Count = null, BoxColumn? Picture = null,
    bool TopFirst = false, BoxUnits Units = BoxUnits.InputPixels, int FirstClassId = 0)
{
    /// <param name="outputs">In the order the kind wants.</param>
    /// <exception cref="ModelException">A shape is not the kind's.</exception>
    public static ListedBoxes Of(DecoderKind kind, IReadOnlyList<BoundOutput> outputs) => kind switch
    {
        DecoderKind.YoloV10 => Table(outputs[0], "[1, N, 6] or [N, 6]", 6, boxes: 0, score: 4, @class: 5),
        DecoderKind.YoloV7EndToEnd => Table(outputs[0], "[N, 7]", 7, boxes: 1, score: 6, @class: 5, picture: 0),
        DecoderKind.CaffeDetection => Table(outputs[0], "[1, 1, N, 7]", 7, boxes: 3, score: 2, @class: 1, picture: 0) with { Units = BoxUnits.Normalised, FirstClassId = 1 },
        DecoderKind.RtDetr => Columns(outputs[1], outputs[2], outputs[0]),
        DecoderKind.Torchvision => Columns(outputs[0], outputs[2], outputs[1]) with { FirstClassId = 1 },
        DecoderKind.EfficientNms => Columns(outputs[1], outputs[2], outputs[3], outputs[0]),
        DecoderKind.TensorFlowDetection => Columns(outputs[0], outputs[2], outputs[1], outputs[3]) with { TopFirst = true, Units = BoxUnits.Normalised, FirstClassId = 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This kind lists no boxes."),
    };

    /// <summary>True when the number of rows is open in the graph, so that it may depend on the picture though two pictures gave the same.</summary>
    /// <param name="declared">The output's shape in the graph, -1 where it is open.</param>
    public static bool MayVary(DecoderKind kind, ReadOnlySpan<int> declared) => kind switch
    {
        DecoderKind.YoloV7EndToEnd or DecoderKind.Torchvision => declared.Contains(-1),
        DecoderKind.YoloV10 or DecoderKind.CaffeDetection => declared.Length > 1 && declared[^2] < 0,
        _ => false,
    };

    private static ListedBoxes Table(BoundOutput output, string wanted, int numbers, int boxes, int score, int @class, int? picture = null)
    {
        if (!Ends(output, numbers)) throw Wrong(output, wanted);
        BoxColumn Column(int offset) => new(output, numbers, offset);
        return new(Column(boxes), Column(score), Column(@class), Picture: picture is { } column ? Column(column) : null);
    }

    private static ListedBoxes Columns(BoundOutput boxes, BoundOutput scores, BoundOutput classes, BoundOutput? count = null)
    {
        if (!Ends(boxes, 4)) throw Wrong(boxes, "[1, N, 4] or [N, 4]");
        foreach (var column in (BoundOutput[])[scores, classes])
        {
            if (column.Free != boxes.Free || (!boxes.Free && column.Length != boxes.Length / 4)) throw Wrong(column, boxes.Free ? "[N]" : $"[1, {boxes.Length / 4}]");
        }
        if (count is not null && (count.Free || count.Length != 1)) throw Wrong(count, "[1]");
        return new(new BoxColumn(boxes, 4), new BoxColumn(scores, 1), new BoxColumn(classes, 1), count);
    }

    /// <summary>True for any number of rows of so many numbers for one picture.</summary>
    private static bool Ends(BoundOutput output, int numbers) =>
        output.Shape.Length >= 2 && output.Shape[^1] == numbers && output.Shape[..^2].All(side => side == 1);

    private static ModelException Wrong(BoundOutput output, string wanted) => new($"Output '{output.Name}' should be {wanted}; the model gives {ModelGraph.Shape(output.Shape)}.");
}
