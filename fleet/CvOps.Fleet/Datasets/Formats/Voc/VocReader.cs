using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Voc;

/// <summary>Pascal VOC, an XML a picture. Its corners are taken as they stand: programs of today write the pixel a box begins at, from 0.</summary>
internal sealed class VocReader : IDatasetReader
{
    private const long LongestFile = 16 << 20;

    public IEnumerable<LabelledImage> Read(ReadContext context)
    {
        var golden = Golden(context.Files);
        foreach (var file in context.Files.Names.Where(name => name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)))
            if (ReadFile(file, context) is { } image) yield return golden.Contains(ImageNames.Stem(ImageNames.Base(file))) ? image with { Use = FrameUse.Golden } : image;
    }

    private static HashSet<string> Golden(StagedFiles files)
    {
        var golden = new HashSet<string>(StringComparer.Ordinal);
        if (files.Names.FirstOrDefault(name => name.EndsWith($"ImageSets/Main/{Splits.Golden}.txt", StringComparison.OrdinalIgnoreCase)) is not { } list) return golden;
        using var reader = new StreamReader(files.Open(list));
        while (reader.ReadLine() is { } line) golden.Add(line.Trim());
        return golden;
    }

    private static LabelledImage? ReadFile(string file, ReadContext context)
    {
        XElement root;
        try
        {
            using var stream = context.Files.Open(file);
            using var reader = XmlFiles.Read(stream, LongestFile);
            root = XElement.Load(reader, LoadOptions.SetLineInfo);
        }
        catch (XmlException e)
        {
            context.Findings.Error(file, $"This is no XML: {e.Message}", "Mend the file.");
            return null;
        }
        if (root.Name != "annotation")
        {
            context.Findings.Error(file, $"Its root is '{root.Name}'; a file of VOC has 'annotation'.", "Take it out, or name its format with --format.");
            return null;
        }
        var name = root.Element("filename")?.Value.Trim().Replace('\\', '/');
        var objects = new VocObjects(file, context.Findings);
        foreach (var element in root.Elements("object")) objects.Add(element);
        return new LabelledImage
        {
            Name = name is not null && ImageNames.IsImage(name) ? name : ImageNames.Stem(ImageNames.Base(file)) + ".jpg", Where = file,
            Width = Size("width"), Height = Size("height"), Boxes = objects.Boxes, Polygons = objects.Polygons,
        }.With(Extras(root, file, context.Findings));

        int Size(string side) => XmlFiles.Number(root.Element("size")?.Element(side)?.Value) is { } pixels and > 0 and < int.MaxValue ? (int)pixels : 0;
    }

    private static FrameExtras? Extras(XElement root, string file, Findings findings)
    {
        if (root.Element(FrameExtras.Member) is not { } element) return null;
        try
        {
            return JsonSerializer.Deserialize(element.Value, FormatsJson.Default.FrameExtras);
        }
        catch (JsonException e)
        {
            findings.Error(file, $"Its element '{FrameExtras.Member}' can't be read: {e.Message}", "Leave it as it was exported, or take it out.");
            return null;
        }
    }
}

/// <summary>The objects of one file.</summary>
internal sealed class VocObjects(string file, Findings findings)
{
    public List<LabelBox> Boxes { get; } = [];

    public List<LabelPolygon>? Polygons { get; private set; }

    public void Add(XElement element)
    {
        var where = $"{file}, line {((IXmlLineInfo)element).LineNumber}";
        var name = element.Element("name")?.Value.Trim();
        if (string.IsNullOrEmpty(name))
        {
            findings.Error(where, "The object has no 'name'.", "Give it its class.");
            return;
        }
        if (element.Element("difficult")?.Value.Trim() == "1") findings.WarnOnce(where, "Objects marked difficult come in like all others: labels have no word for it.", "Take them out if they should not count.");
        if (element.Element("polygon") is { } polygon)
        {
            if (Outline(polygon) is { Length: >= 6 } points) (Polygons ??= []).Add(new LabelPolygon(name, points));
            else findings.Error(where, "Its 'polygon' has not x1, y1, x2, y2 ... of at least three corners.", "Draw it anew, or take the element out.");
            return;
        }
        var box = element.Element("bndbox");
        if (Corner("xmin") is { } left && Corner("ymin") is { } top && Corner("xmax") is { } right && Corner("ymax") is { } bottom && right > left && bottom > top)
            Boxes.Add(new LabelBox(name, left, top, right - left, bottom - top));
        else findings.Error(where, "Its 'bndbox' has not xmin, ymin, xmax and ymax with a width and height above 0.", "Draw it anew, or take it out.");

        double? Corner(string corner) => XmlFiles.Number(box?.Element(corner)?.Value);
    }

    private static double[]? Outline(XElement polygon)
    {
        var points = new List<double>();
        for (var i = 1; polygon.Element($"x{i}") is { } x; i++)
        {
            if (XmlFiles.Number(x.Value) is not { } left || XmlFiles.Number(polygon.Element($"y{i}")?.Value) is not { } top) return null;
            points.Add(left);
            points.Add(top);
        }
        return [.. points];
    }
}
