using System.Text.Json;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Coco;

/// <summary>One file <c>annotations/instances.json</c>, in two turns over the pictures: the format lists them and their objects apart.</summary>
internal sealed class CocoWriter : IDatasetWriter
{
    private const int FlushAt = 1 << 16;

    public string ImageFolder => "images/";

    public void Check(ExportSummary summary, Findings findings)
    {
        if (summary.WithClass + summary.WithVerdict > 0)
            findings.Warn("images", $"COCO has no class or verdict of a whole picture: {summary.WithClass} classes and {summary.WithVerdict} verdicts go into a member 'cvops' that other programs pass by.", "For classifiers in other tools export folders.");
    }

    public void Write(ExportSource source, ExportFiles files, CancellationToken cancel)
    {
        using var stream = files.Create("annotations/instances.json");
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartObject("info");
        json.WriteString("description", $"{source.Name} ({source.Digest})");
        json.WriteString("version", "1.0");
        json.WriteString("contributor", "CvOps");
        json.WriteString("date_created", source.CreatedAt);
        json.WriteEndObject();
        json.WriteStartArray("licenses");
        json.WriteEndArray();
        var categories = WriteCategories(json, source.Summary);
        WriteImages(json, source, cancel);
        WriteAnnotations(json, source, categories, cancel);
        json.WriteEndObject();
    }

    /// <summary>Ids from 1, as the format's own sets have them.</summary>
    private static Dictionary<string, int> WriteCategories(Utf8JsonWriter json, ExportSummary summary)
    {
        var ids = new Dictionary<string, int>();
        json.WriteStartArray("categories");
        foreach (var name in summary.ObjectClasses)
        {
            ids.Add(name, ids.Count + 1);
            json.WriteStartObject();
            json.WriteNumber("id", ids[name]);
            json.WriteString("name", name);
            json.WriteString("supercategory", "");
            json.WriteEndObject();
        }
        json.WriteEndArray();
        return ids;
    }

    private static void WriteImages(Utf8JsonWriter json, ExportSource source, CancellationToken cancel)
    {
        var id = 0;
        json.WriteStartArray("images");
        foreach (var image in source.Read(withFrames: true))
        {
            cancel.ThrowIfCancellationRequested();
            json.WriteStartObject();
            json.WriteNumber("id", ++id);
            json.WriteString("file_name", image.Name);
            json.WriteNumber("width", image.Width);
            json.WriteNumber("height", image.Height);
            if (image.CapturedAt is { } at) json.WriteString("date_captured", at);
            json.WritePropertyName(FrameExtras.Member);
            JsonSerializer.Serialize(json, image.Extras with { CapturedAt = null }, FormatsJson.Default.FrameExtras);
            json.WriteEndObject();
            Flush(json);
        }
        json.WriteEndArray();
    }

    private static void WriteAnnotations(Utf8JsonWriter json, ExportSource source, Dictionary<string, int> categories, CancellationToken cancel)
    {
        var (id, imageId) = (0, 0);
        json.WriteStartArray("annotations");
        foreach (var image in source.Read(withFrames: false))
        {
            cancel.ThrowIfCancellationRequested();
            imageId++;
            foreach (var box in image.Boxes) WriteObject(json, ++id, imageId, categories[box.Class], (box.X, box.Y, box.Width, box.Height), box.Width * box.Height, null);
            foreach (var polygon in image.Polygons ?? [])
                WriteObject(json, ++id, imageId, categories[polygon.Class], Shapes.Bounds(polygon.Points), Shapes.Area(polygon.Points), polygon.Points);
            Flush(json);
        }
        json.WriteEndArray();
    }

    private static void WriteObject(
        Utf8JsonWriter json, int id, int image, int category, (double X, double Y, double Width, double Height) bounds, double area, IReadOnlyList<double>? outline)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteNumber("image_id", image);
        json.WriteNumber("category_id", category);
        json.WriteStartArray("bbox");
        json.WriteNumberValue(bounds.X);
        json.WriteNumberValue(bounds.Y);
        json.WriteNumberValue(bounds.Width);
        json.WriteNumberValue(bounds.Height);
        json.WriteEndArray();
        json.WriteNumber("area", area);
        json.WriteStartArray("segmentation");
        if (outline is not null)
        {
            json.WriteStartArray();
            foreach (var number in outline) json.WriteNumberValue(number);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteNumber("iscrowd", 0);
        json.WriteEndObject();
    }

    private static void Flush(Utf8JsonWriter json)
    {
        if (json.BytesPending > FlushAt) json.Flush();
    }
}
