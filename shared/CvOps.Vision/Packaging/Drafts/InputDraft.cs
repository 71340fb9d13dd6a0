using System.Text.Json.Nodes;
using CvOps.Contracts.Packages;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision.Packaging.Drafts;

/// <summary>The picture's part of a draft.</summary>
/// <param name="Side">Height and width; null when nothing tells.</param>
/// <param name="Shape">With batch 1; null when a side is open or the layout is not known.</param>
/// <param name="Highest">The largest value a pixel probably has in the tensor.</param>
internal sealed record InputDraft(OnnxTensor Picture, (int Height, int Width)? Side, long[]? Shape, float Highest, JsonObject Json)
{
    private const int LargestChannels = 4;

    public static InputDraft Of(OnnxFacts facts, ExporterMetadata metadata)
    {
        var pictures = facts.Inputs.Where(input => input.Shape.Count == 4).ToArray();
        if (pictures.Length != 1) throw new ModelException($"A model for pictures has one input of four sides, [1, 3, height, width] or so; this one has {string.Join(", ", facts.Inputs)}.");
        var picture = pictures[0];
        if (facts.Inputs.FirstOrDefault(input => input != picture && !(input.Type == TensorElementType.Int64 && input.Shape is [_, 2])) is { } more) throw new ModelException($"The model wants {more} beside the picture; nothing here could give it that.");
        ElementType? element = picture.Type switch { TensorElementType.Float => ElementType.Float32, TensorElementType.Float16 => ElementType.Float16, TensorElementType.UInt8 => ElementType.UInt8, _ => null };
        if (element is null) throw new ModelException($"The model's input is {picture}; pictures are given as float32, float16 or uint8.");

        var first = IsChannels(picture.Shape[1]);
        var last = IsChannels(picture.Shape[3]);
        TensorLayout? layout = first == last ? null : first ? TensorLayout.Nchw : TensorLayout.Nhwc;
        if (metadata.Yolo) layout ??= TensorLayout.Nchw;
        (int Height, int Width)? side = layout switch { TensorLayout.Nchw => Closed(picture.Shape[2], picture.Shape[3]), TensorLayout.Nhwc => Closed(picture.Shape[1], picture.Shape[2]), _ => null } ?? metadata.Side;
        var channels = layout == TensorLayout.Nhwc ? picture.Shape[3] : picture.Shape[1];
        if (channels is 2 or LargestChannels) throw new ModelException($"The model's input {picture} has {channels} channels; pictures have 3 or 1.");
        channels = channels < 0 ? 3 : channels;
        long[]? shape = (side, layout) switch
        {
            ({ } s, TensorLayout.Nchw) => [1, channels, s.Height, s.Width],
            ({ } s, TensorLayout.Nhwc) => [1, s.Height, s.Width, channels],
            _ => null,
        };
        return new InputDraft(picture, side, shape, element == ElementType.UInt8 || metadata.Scale is { Std: 1 } ? 255 : 1, Write(picture.Name, element.Value, layout, side, channels, metadata));
    }

    private static JsonObject Write(string name, ElementType element, TensorLayout? layout, (int Height, int Width)? side, long channels, ExporterMetadata metadata)
    {
        var says = metadata.Preprocess is { } words ? $"; the model's metadata says: {words}" : "";
        var classifier = metadata.Task == "classify";
        var json = new JsonObject
        {
            ["name"] = name,
            ["width"] = side is { } s ? s.Width : ManifestMarks.Mark("width in pixels; the graph takes any"),
            ["height"] = side is { } t ? t.Height : ManifestMarks.Mark("height in pixels; the graph takes any"),
            ["layout"] = layout?.ToString() ?? ManifestMarks.Mark("Nchw or Nhwc: where the channels are"),
            ["channels"] = (channels == 1 ? ChannelOrder.Grey : metadata.Channels ?? (metadata.Yolo ? ChannelOrder.Rgb : null))?.ToString() ?? ManifestMarks.Mark($"Rgb, Bgr or Grey, as in training{says}"),
            ["resize"] = metadata.Yolo ? (classifier ? ResizeMode.CentreCrop : ResizeMode.LetterboxCentre).ToString()
                : ManifestMarks.Mark($"{string.Join(", ", Enum.GetNames<ResizeMode>())}: how pictures were brought to size in training{says}"),
        };
        if (metadata.Yolo && !classifier) json["pad"] = 114;
        // A uint8 tensor takes pixels as they are.
        var scale = element == ElementType.UInt8 ? (0, 1) : metadata.Scale ?? (metadata.Yolo ? (0.0, 255.0) : null);
        if (scale is { } known) (json["mean"], json["std"]) = (Three(known.Item1), Three(known.Item2));
        else
        {
            json["mean"] = ManifestMarks.Mark($"value = (pixel - mean) / std, pixel 0..255, in channel order: [0, 0, 0] with std [255, 255, 255] for 0..1; [123.675, 116.28, 103.53] with std [58.395, 57.12, 57.375] for ImageNet's{says}");
            json["std"] = ManifestMarks.Mark("see mean");
        }

        json["elementType"] = element.ToString();
        return json;
    }

    private static JsonArray Three(double value) => new(value, value, value);

    private static bool IsChannels(long side) => side is >= 1 and <= LargestChannels;

    private static (int, int)? Closed(long height, long width) => height > 0 && width > 0 ? ((int)height, (int)width) : null;
}
