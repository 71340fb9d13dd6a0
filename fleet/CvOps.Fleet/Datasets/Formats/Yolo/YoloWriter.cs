using System.Buffers;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Yolo;

/// <summary>
/// Ultralytics' layout. A set is either of boxes or of outlines: Ultralytics takes every line of a file with an outline for one, and drops all outlines where
/// some pictures have none (<c>verify_image_label</c>, <c>get_labels</c>). So where there are polygons, boxes are written by their corners.
/// </summary>
internal sealed class YoloWriter : IDatasetWriter
{
    public string ImageFolder => "images/";

    public string? ImagePath(LabelledImage image) => $"{Splits.Of(image)}/{image.Name}";

    public void Check(ExportSummary summary, Findings findings)
    {
        if (summary.WithClass > 0) findings.Warn("labels", $"YOLO's labels have no class of a whole picture: that of {summary.WithClass} pictures is lost.", "For classifiers export folders.");
        if (summary.WithVerdict > 0) findings.Warn("labels", $"YOLO has no verdict: that of {summary.WithVerdict} pictures is lost.", "Export COCO or CSV if it matters.");
        if (summary is { Polygons: > 0, Boxes: > 0 }) findings.Warn("labels", $"YOLO's sets are of boxes or of outlines: {summary.Boxes} boxes are written by their corners.", "Nothing; an upright rectangle comes back as a box, a polygon that is one as well.");
        if (summary.BeyondPicture > 0) findings.Warn("labels", $"{summary.BeyondPicture} objects reach beyond their picture; Ultralytics passes such pictures by.", "Correct the labels.");
        findings.Warn("data.yaml", "YOLO wants a part to validate on, and a snapshot's golden frames are none: 'val' names the training pictures.", "Move some into a part of their own before you train; frame, part, time and prediction have no place in the format.");
    }

    public void Write(ExportSource source, ExportFiles files, CancellationToken cancel)
    {
        var numbers = new Dictionary<string, int>();
        foreach (var name in source.Summary.ObjectClasses) numbers.Add(name, numbers.Count);
        using (var yaml = new StreamWriter(files.Create("data.yaml"))) WriteData(yaml, source, numbers.Keys);

        var outlines = source.Summary.Polygons > 0;
        var text = new ArrayBufferWriter<byte>(4096);
        foreach (var image in source.Read(withFrames: false))
        {
            cancel.ThrowIfCancellationRequested();
            text.ResetWrittenCount();
            foreach (var box in image.Boxes)
            {
                if (outlines) Outline(text, numbers[box.Class], Shapes.Corners(box), image);
                else Box(text, numbers[box.Class], box, image);
            }
            foreach (var polygon in image.Polygons ?? []) Outline(text, numbers[polygon.Class], polygon.Points, image);
            using var file = files.Create($"labels/{Splits.Of(image)}/{ImageNames.Stem(image.Name)}.txt", pack: false);
            file.Write(text.WrittenSpan);
        }
    }

    private static void WriteData(StreamWriter yaml, ExportSource source, IEnumerable<string> names)
    {
        var training = source.Summary.Golden < source.Summary.Frames ? $"images/{Splits.Training}" : $"images/{Splits.Golden}";
        yaml.Write($"# {source.Name.ReplaceLineEndings(" ")} ({source.Digest}), written by CvOps\ntrain: {training}\nval: {training}\n");
        if (source.Summary.Golden > 0) yaml.Write($"test: images/{Splits.Golden}\n");
        yaml.Write("names:\n");
        var number = 0;
        foreach (var name in names) yaml.Write(string.Create(CultureInfo.InvariantCulture, $"  {number++}: {DataYaml.Quote(name)}\n"));
    }

    private static void Box(ArrayBufferWriter<byte> text, int number, LabelBox box, LabelledImage image)
    {
        Append(text, number);
        Append(text, (box.X + box.Width / 2) / image.Width);
        Append(text, (box.Y + box.Height / 2) / image.Height);
        Append(text, box.Width / image.Width);
        Append(text, box.Height / image.Height);
        text.Write("\n"u8);
    }

    private static void Outline(ArrayBufferWriter<byte> text, int number, IReadOnlyList<double> points, LabelledImage image)
    {
        Append(text, number);
        for (var i = 0; i < points.Count; i++) Append(text, points[i] / (i % 2 == 0 ? image.Width : image.Height));
        text.Write("\n"u8);
    }

    /// <summary>In round-trip form, a blank before all but the first of a line.</summary>
    private static void Append(ArrayBufferWriter<byte> text, double number)
    {
        if (text.WrittenCount > 0 && text.WrittenSpan[^1] != (byte)'\n') text.Write(" "u8);
        number.TryFormat(text.GetSpan(32), out var written, provider: CultureInfo.InvariantCulture);
        text.Advance(written);
    }
}
