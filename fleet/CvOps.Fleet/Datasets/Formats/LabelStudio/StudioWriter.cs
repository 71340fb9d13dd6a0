using System.Globalization;
using System.Security;
using System.Text.Json;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.LabelStudio;

/// <summary>
/// Label Studio's JSON: <c>tasks.json</c> with a task a picture, its prediction included, and <c>label_config.xml</c> for the project. The pictures are
/// served from a local storage whose root is the archive's folder.
/// </summary>
internal sealed class StudioWriter : IDatasetWriter
{
    public const string Address = "/data/local-files/?d=images/";
    public const string ClassControl = "class";
    public const string VerdictControl = "verdict";
    public const string Boxes = "rectanglelabels";
    public const string Outlines = "polygonlabels";
    public const string Choices = "choices";

    private const string Picture = "image";
    private const int FlushAt = 1 << 16;

    public string ImageFolder => "images/";

    public void Check(ExportSummary summary, Findings findings) => findings.Warn(
        "tasks.json", "Label Studio shows pictures from a local storage, and takes them by address.", "Unpack the archive below LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT, and make the project with label_config.xml.");

    public void Write(ExportSource source, ExportFiles files, CancellationToken cancel)
    {
        if (files.IsArchive) WriteConfiguration(source.Summary, files);
        using var stream = files.Create("tasks.json");
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true });
        var id = 0;
        json.WriteStartArray();
        foreach (var image in source.Read(withFrames: true))
        {
            cancel.ThrowIfCancellationRequested();
            JsonSerializer.Serialize(json, Task(image, ++id), FormatsJson.Default.StudioTask);
            if (json.BytesPending > FlushAt) json.Flush();
        }
        json.WriteEndArray();
    }

    private static void WriteConfiguration(ExportSummary summary, ExportFiles files)
    {
        using var xml = new StreamWriter(files.Create("label_config.xml"));
        xml.Write("<View>\n  <Image name=\"image\" value=\"$image\"/>\n");
        Control("RectangleLabels", Boxes, "Label", summary.ObjectClasses);
        Control("PolygonLabels", Outlines, "Label", summary.ObjectClasses);
        Control("Choices", ClassControl, "Choice", summary.Classes.Keys);
        Control("Choices", VerdictControl, "Choice", ["OK", "NG"]);
        xml.Write("</View>\n");

        void Control(string tag, string name, string item, IEnumerable<string> values)
        {
            xml.Write($"  <{tag} name=\"{name}\" toName=\"image\">\n");
            foreach (var value in values) xml.Write($"    <{item} value=\"{SecurityElement.Escape(value)}\"/>\n");
            xml.Write($"  </{tag}>\n");
        }
    }

    private static StudioTask Task(LabelledImage image, int id) => new()
    {
        Id = JsonElement.Parse(id.ToString(CultureInfo.InvariantCulture)),
        Data = new Dictionary<string, JsonElement>
        {
            [Picture] = JsonSerializer.SerializeToElement(Address + image.Name, FormatsJson.Default.String),
            [FrameExtras.Member] = JsonSerializer.SerializeToElement(image.Extras with { Class = null, Verdict = null }, FormatsJson.Default.FrameExtras),
        },
        Annotations = image.IsLabelled ? [new StudioAnnotation { Result = Results(image) }] : [],
        Predictions = image.Prediction is { } prediction ? [Prediction(prediction, image)] : [],
    };

    private static List<StudioResult> Results(LabelledImage image)
    {
        var results = new List<StudioResult>();
        foreach (var box in image.Boxes) results.Add(Region(results, image, Boxes, Rectangle(box.Class, box.X, box.Y, box.Width, box.Height, image)));
        foreach (var polygon in image.Polygons ?? []) results.Add(Region(results, image, Outlines, Outline(polygon.Class, polygon.Points, image)));
        if (image.Class is { } name) results.Add(Choice(results, ClassControl, name));
        if (image.Verdict is { } verdict) results.Add(Choice(results, VerdictControl, verdict == PartVerdict.Ok ? "OK" : "NG"));
        return results;
    }

    private static StudioPrediction Prediction(Prediction prediction, LabelledImage image)
    {
        var results = new List<StudioResult>();
        foreach (var found in prediction.Detections)
        {
            var region = found.Polygon is { Count: >= 6 } outline
                ? Region(results, image, Outlines, Outline(found.Class, outline, image))
                : Region(results, image, Boxes, Rectangle(found.Class, found.X, found.Y, found.Width, found.Height, image));
            results.Add(region with { Score = found.Score });
        }
        if (prediction.Class is { } name && prediction.Detections.Count == 0) results.Add(Choice(results, ClassControl, name) with { Score = prediction.Confidence });
        return new StudioPrediction { ModelVersion = image.Model is { } model ? $"{model.Name} {model.Version}" : null, Score = prediction.Confidence, Result = results };
    }

    private static StudioResult Region(List<StudioResult> before, LabelledImage image, string type, StudioValue value) => new()
    {
        Id = $"r{before.Count}", Type = type, FromName = type, ToName = Picture, OriginalWidth = image.Width, OriginalHeight = image.Height, Value = value,
    };

    private static StudioResult Choice(List<StudioResult> before, string control, string choice) => new()
    {
        Id = $"r{before.Count}", Type = Choices, FromName = control, ToName = Picture, Value = new StudioValue { Choices = [choice] },
    };

    private static StudioValue Rectangle(string name, double x, double y, double width, double height, LabelledImage image) => new()
    {
        X = 100 * x / image.Width, Y = 100 * y / image.Height, Width = 100 * width / image.Width, Height = 100 * height / image.Height, Rotation = 0, RectangleLabels = [name],
    };

    private static StudioValue Outline(string name, IReadOnlyList<double> points, LabelledImage image) => new()
    {
        Points = [.. points.Chunk(2).Select(corner => new[] { 100 * corner[0] / image.Width, 100 * corner[1] / image.Height })], PolygonLabels = [name],
    };
}
