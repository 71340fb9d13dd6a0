using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Coco;

/// <summary>Object detection and instance segmentation as cocodataset.org describes them: outlines become polygons, an object without one its box.</summary>
internal sealed class CocoReader : IDatasetReader
{
    /// <summary>Bytes of an element that is none, so that it is found again.</summary>
    private const int Shown = 80;

    public IEnumerable<LabelledImage> Read(ReadContext context)
    {
        var files = context.Files.Names.Where(name => name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)).ToArray();
        var instances = files.Where(name => ImageNames.Base(name).StartsWith("instances", StringComparison.OrdinalIgnoreCase)).ToArray();
        if (instances.Length > 0 && instances.Length < files.Length) context.Findings.Warn(files.Except(instances).First(), "Beside files 'instances*.json' others are not read.", "Import them by themselves if they are wanted.");
        return (instances.Length > 0 ? instances : files).SelectMany(file => ReadFile(file, context));
    }

    private static IEnumerable<LabelledImage> ReadFile(string file, ReadContext context)
    {
        using var stream = context.Files.OpenSeekable(file);
        CocoIndex index;
        try
        {
            index = CocoIndex.Read(stream, file, context.Findings);
        }
        catch (JsonException e)
        {
            context.Findings.Error(file, $"This is no COCO: {e.Message}", "Mend the file, or name its format with --format.");
            yield break;
        }
        var (images, annotations) = (new FileSlices(stream), new FileSlices(stream));
        FrameUse? use = ImageNames.Stem(ImageNames.Base(file)).EndsWith(Splits.Golden, StringComparison.OrdinalIgnoreCase) ? FrameUse.Golden : null;
        for (var i = 0; i < index.Images; i++)
        {
            var (offset, length) = index.Image(i);
            if (Element(images.Read(offset, length), FormatsJson.Default.CocoImage, file, context.Findings) is not { } image) continue;
            var objects = new Objects();
            foreach (var (at, bytes) in index.AnnotationsOf(i))
                if (Element(annotations.Read(at, bytes), FormatsJson.Default.CocoAnnotation, file, context.Findings) is { } annotation) objects.Add(annotation, index.Categories, file, context.Findings);
            yield return new LabelledImage
            {
                Name = image.FileName!.Replace('\\', '/'), Where = $"{file}, image {image.Id}", Width = image.Width, Height = image.Height, Boxes = objects.Boxes, Polygons = objects.Polygons,
                Use = use, CapturedAt = Time(image.DateCaptured),
            }.With(image.Cvops);
        }
    }

    private static T? Element<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string file, Findings findings)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException e)
        {
            findings.Error(file, $"This is no COCO: {e.Message} {Encoding.UTF8.GetString(json[..Math.Min(json.Length, Shown)])}", "Mend the file, or name its format with --format.");
            return null;
        }
    }

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    private sealed class Objects
    {
        public List<LabelBox> Boxes { get; } = [];

        public List<LabelPolygon>? Polygons { get; private set; }

        public void Add(CocoAnnotation annotation, Dictionary<long, string> categories, string file, Findings findings)
        {
            var where = $"{file}, annotation {annotation.Id}";
            if (annotation.CategoryId is not { } category || !categories.TryGetValue(category, out var name))
            {
                findings.Error(where, annotation.CategoryId is null ? "It has no 'category_id'." : $"There is no category {annotation.CategoryId}.", "Add the category, or correct the id.");
                return;
            }
            if (annotation.Iscrowd != 0)
            {
                findings.WarnOnce(where, "Regions of a crowd (iscrowd) are left out: labels have no word for them.", "Outline the objects one by one if they matter.");
                return;
            }
            if (annotation.NumKeypoints > 0) findings.WarnOnce(where, "Keypoints are left out: labels have no word for them.", "Nothing, if the boxes are enough.");
            if (annotation.Segmentation is { Rings: { Count: > 0 } rings })
            {
                if (rings.Count > 1) findings.WarnOnce(where, "An object of several outlines becomes that many polygons.", "Nothing, if they need not belong together.");
                foreach (var ring in rings)
                {
                    if (ring.Length >= 6 && ring.Length % 2 == 0) (Polygons ??= []).Add(new LabelPolygon(name, ring));
                    else findings.Error(where, $"An outline has {ring.Length} numbers; it needs x and y of at least three corners.", "Draw it anew, or leave the outline out.");
                }
                return;
            }
            if (annotation.Segmentation is { IsMask: true }) findings.WarnOnce(where, "Masks in run-length code are not read; their boxes are.", "Export outlines (polygons) instead, if they matter.");
            if (annotation.Bbox is [var x, var y, var width, var height] && width > 0 && height > 0) Boxes.Add(new LabelBox(name, x, y, width, height));
            else findings.Error(where, "It has neither an outline nor a 'bbox' of x, y, width and height above 0.", "Draw it anew, or take it out.");
        }
    }
}
