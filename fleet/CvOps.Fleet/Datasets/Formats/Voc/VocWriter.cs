using System.Text.Json;
using System.Xml;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Voc;

/// <summary>
/// Pascal VOC: <c>Annotations/x.xml</c> a picture, lists in <c>ImageSets/Main</c>. Outlines are objects with a <c>polygon</c> of x1, y1, x2, y2 ... beside
/// their box, as other exporters add them; readers that do not know it see the box.
/// </summary>
internal sealed class VocWriter : IDatasetWriter
{
    public string ImageFolder => "JPEGImages/";

    public void Check(ExportSummary summary, Findings findings)
    {
        if (summary.Broken > 0) findings.Warn("Annotations", $"{summary.Broken} boxes do not begin and end at whole pixels; some readers of VOC take whole numbers only.", "Round them there, if it has to be.");
        if (summary.Polygons > 0) findings.Warn("Annotations", $"VOC has no outlines: {summary.Polygons} polygons go in as boxes, with an element 'polygon' that only some readers know.", "Export COCO if they matter.");
        if (summary.WithClass + summary.WithVerdict > 0) findings.Warn("Annotations", $"VOC has no class or verdict of a whole picture: {summary.WithClass} classes and {summary.WithVerdict} verdicts go into an element 'cvops' that other programs pass by.", "For classifiers export folders.");
    }

    public void Write(ExportSource source, ExportFiles files, CancellationToken cancel)
    {
        if (source.Summary.Golden < source.Summary.Frames) WriteList(source, files, Splits.Training, cancel);
        if (source.Summary.Golden > 0) WriteList(source, files, Splits.Golden, cancel);
        foreach (var image in source.Read(withFrames: true))
        {
            cancel.ThrowIfCancellationRequested();
            using var file = files.Create($"Annotations/{ImageNames.Stem(image.Name)}.xml", pack: false);
            using var xml = XmlWriter.Create(file, XmlFiles.Writing);
            WriteImage(xml, image);
        }
    }

    private static void WriteList(ExportSource source, ExportFiles files, string split, CancellationToken cancel)
    {
        using var list = new StreamWriter(files.Create($"ImageSets/Main/{split}.txt"));
        foreach (var image in source.Read(withFrames: false).Where(image => Splits.Of(image) == split))
        {
            cancel.ThrowIfCancellationRequested();
            list.Write(ImageNames.Stem(image.Name) + "\n");
        }
    }

    private static void WriteImage(XmlWriter xml, LabelledImage image)
    {
        xml.WriteStartElement("annotation");
        xml.WriteElementString("folder", "JPEGImages");
        xml.WriteElementString("filename", image.Name);
        xml.WriteStartElement("source");
        xml.WriteElementString("database", "CvOps");
        xml.WriteEndElement();
        xml.WriteStartElement("size");
        xml.WriteElementString("width", XmlFiles.Text(image.Width));
        xml.WriteElementString("height", XmlFiles.Text(image.Height));
        xml.WriteElementString("depth", "3");
        xml.WriteEndElement();
        xml.WriteElementString("segmented", "0");
        foreach (var box in image.Boxes) WriteObject(xml, box.Class, (box.X, box.Y, box.Width, box.Height), null);
        foreach (var polygon in image.Polygons ?? []) WriteObject(xml, polygon.Class, Shapes.Bounds(polygon.Points), polygon.Points);
        xml.WriteElementString(FrameExtras.Member, JsonSerializer.Serialize(image.Extras, FormatsJson.Default.FrameExtras));
        xml.WriteEndElement();
    }

    private static void WriteObject(XmlWriter xml, string name, (double X, double Y, double Width, double Height) bounds, IReadOnlyList<double>? outline)
    {
        xml.WriteStartElement("object");
        xml.WriteElementString("name", name);
        xml.WriteElementString("pose", "Unspecified");
        xml.WriteElementString("truncated", "0");
        xml.WriteElementString("difficult", "0");
        xml.WriteStartElement("bndbox");
        xml.WriteElementString("xmin", XmlFiles.Text(bounds.X));
        xml.WriteElementString("ymin", XmlFiles.Text(bounds.Y));
        xml.WriteElementString("xmax", XmlFiles.Text(bounds.X + bounds.Width));
        xml.WriteElementString("ymax", XmlFiles.Text(bounds.Y + bounds.Height));
        xml.WriteEndElement();
        if (outline is not null)
        {
            xml.WriteStartElement("polygon");
            for (var i = 0; i < outline.Count; i++) xml.WriteElementString($"{(i % 2 == 0 ? 'x' : 'y')}{i / 2 + 1}", XmlFiles.Text(outline[i]));
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    }
}
