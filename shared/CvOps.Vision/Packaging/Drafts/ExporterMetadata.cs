using System.Globalization;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Packaging.Drafts;

/// <summary>What exporters are known to leave in an ONNX file's metadata.</summary>
/// <param name="Yolo">Ultralytics wrote it (YOLOv5, v8 and later): its preprocessing is known.</param>
/// <param name="Task">Ultralytics' word: detect, segment, pose, obb, classify; null when it does not say.</param>
/// <param name="Names">Classes in the model's order.</param>
/// <param name="Side">Height and width of the input; null when open.</param>
/// <param name="Keypoints">Of a pose model.</param>
/// <param name="Channels">By ONNX's own metadata key Image.BitmapPixelFormat.</param>
/// <param name="Scale">What pixels are divided by and shifted with, by Image.NominalPixelRange: mean and std of each channel.</param>
/// <param name="Preprocess">What it says of its preprocessing in free words.</param>
internal sealed record ExporterMetadata(
    bool Yolo, string? Task, IReadOnlyList<string>? Names, (int Height, int Width)? Side, int? Keypoints, ChannelOrder? Channels, (double Mean, double Std)? Scale, string? Preprocess)
{
    private static readonly string[] NameKeys = ["names", "class_names", "classes", "labels", "categories"];
    private static readonly string[] SizeKeys = ["imgsz", "input_size", "image_size", "img_size"];

    public static ExporterMetadata Read(IReadOnlyDictionary<string, string> metadata)
    {
        var by = new Dictionary<string, string>(metadata, StringComparer.OrdinalIgnoreCase);
        var names = NameKeys.Select(key => by.GetValueOrDefault(key)).OfType<string>().Select(Listed).FirstOrDefault(found => found is { Count: > 0 });
        var yolo = by.ContainsKey("stride") && by.ContainsKey("names");
        return new ExporterMetadata(
            yolo, by.GetValueOrDefault("task"), names, SizeKeys.Select(key => by.GetValueOrDefault(key)).OfType<string>().Select(Size).FirstOrDefault(found => found is not null),
            by.GetValueOrDefault("kpt_shape") is { } shape ? Numbers(shape)?[0] : null, ChannelsOf(by.GetValueOrDefault("Image.BitmapPixelFormat")), ScaleOf(by.GetValueOrDefault("Image.NominalPixelRange")),
            by.FirstOrDefault(pair => pair.Key.Contains("preproc", StringComparison.OrdinalIgnoreCase)).Value);
    }

    private static IReadOnlyList<string>? Listed(string text) => PythonLiteral.Read(text) ?? (text.Contains(',') || text.Contains('\n') ? [.. text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] : null);

    private static (int, int)? Size(string text) => Numbers(text) switch
    {
        [> 0 and var side] => (side, side),
        [> 0 and var height, > 0 and var width] => (height, width),
        _ => null,
    };

    private static int[]? Numbers(string text)
    {
        var words = PythonLiteral.Read(text) ?? [text];
        var numbers = words.Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        return numbers.Length > 0 && numbers.All(number => number >= 0) ? numbers : null;
    }

    // onnx/onnx, docs/MetadataProps.md.
    private static ChannelOrder? ChannelsOf(string? format) => format switch
    {
        "Gray8" => ChannelOrder.Grey, "Rgb8" => ChannelOrder.Rgb, "Bgr8" => ChannelOrder.Bgr, _ => null,
    };

    private static (double, double)? ScaleOf(string? range) => range switch
    {
        "NominalRange_0_255" => (0, 1), "Normalized_0_1" => (0, 255), "Normalized_1_1" => (127.5, 127.5), _ => null,
    };
}
