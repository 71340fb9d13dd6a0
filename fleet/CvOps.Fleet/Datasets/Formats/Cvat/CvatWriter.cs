using System.Globalization;
using System.Text.Json;
using System.Xml;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Cvat;

/// <summary>CVAT for images 1.1: one file <c>annotations.xml</c>. The class of a picture is a tag; what CVAT has no word for is a tag <c>cvops</c> with attributes.</summary>
internal sealed class CvatWriter : IDatasetWriter
{
    public const string Verdict = "verdict";
    public const string Record = "record";

    public string ImageFolder => "images/";

    public void Check(ExportSummary summary, Findings findings) =>
        findings.Warn("annotations.xml", "Verdict, part, time and prediction are attributes of a tag 'cvops'.", "Make the task in CVAT with the labels of the file's 'meta', that one included, or CVAT refuses the tags.");

    public void Write(ExportSource source, ExportFiles files, CancellationToken cancel)
    {
        using var file = files.Create("annotations.xml");
        using var xml = XmlWriter.Create(file, XmlFiles.Writing);
        xml.WriteStartElement("annotations");
        xml.WriteElementString("version", "1.1");
        WriteMeta(xml, source);
        var id = 0;
        foreach (var image in source.Read(withFrames: true))
        {
            cancel.ThrowIfCancellationRequested();
            WriteImage(xml, image, id++);
        }
        xml.WriteEndElement();
    }

    private static void WriteMeta(XmlWriter xml, ExportSource source)
    {
        xml.WriteStartElement("meta");
        xml.WriteStartElement("task");
        xml.WriteElementString("name", source.Name);
        xml.WriteElementString("size", source.Summary.Frames.ToString(CultureInfo.InvariantCulture));
        xml.WriteElementString("mode", "annotation");
        xml.WriteStartElement("labels");
        foreach (var name in source.Summary.Classes.Keys) WriteLabel(xml, name, "any");
        WriteLabel(xml, FrameExtras.Member, "tag", (Verdict, "select", "\nOK\nNG"), (Record, "text", ""));
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteElementString("dumped", source.CreatedAt.ToString("O", CultureInfo.InvariantCulture));
        xml.WriteEndElement();
    }

    private static void WriteLabel(XmlWriter xml, string name, string type, params (string Name, string Input, string Values)[] attributes)
    {
        xml.WriteStartElement("label");
        xml.WriteElementString("name", name);
        xml.WriteElementString("type", type);
        xml.WriteStartElement("attributes");
        foreach (var attribute in attributes)
        {
            xml.WriteStartElement("attribute");
            xml.WriteElementString("name", attribute.Name);
            xml.WriteElementString("mutable", "False");
            xml.WriteElementString("input_type", attribute.Input);
            xml.WriteElementString("default_value", "");
            xml.WriteElementString("values", attribute.Values);
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void WriteImage(XmlWriter xml, LabelledImage image, int id)
    {
        xml.WriteStartElement("image");
        xml.WriteAttributeString("id", id.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("name", image.Name);
        xml.WriteAttributeString("subset", Splits.Of(image));
        xml.WriteAttributeString("width", XmlFiles.Text(image.Width));
        xml.WriteAttributeString("height", XmlFiles.Text(image.Height));
        foreach (var box in image.Boxes)
        {
            BeginShape(xml, "box", box.Class);
            xml.WriteAttributeString("xtl", XmlFiles.Text(box.X));
            xml.WriteAttributeString("ytl", XmlFiles.Text(box.Y));
            xml.WriteAttributeString("xbr", XmlFiles.Text(box.X + box.Width));
            xml.WriteAttributeString("ybr", XmlFiles.Text(box.Y + box.Height));
            xml.WriteAttributeString("z_order", "0");
            xml.WriteEndElement();
        }
        foreach (var polygon in image.Polygons ?? [])
        {
            BeginShape(xml, "polygon", polygon.Class);
            xml.WriteAttributeString("points", string.Join(';', polygon.Points.Chunk(2).Select(corner => $"{XmlFiles.Text(corner[0])},{XmlFiles.Text(corner[1])}")));
            xml.WriteAttributeString("z_order", "0");
            xml.WriteEndElement();
        }
        if (image.Class is not null)
        {
            xml.WriteStartElement("tag");
            xml.WriteAttributeString("label", image.Class);
            xml.WriteAttributeString("source", "manual");
            xml.WriteEndElement();
        }
        WriteRest(xml, image);
        xml.WriteEndElement();
    }

    private static void BeginShape(XmlWriter xml, string shape, string name)
    {
        xml.WriteStartElement(shape);
        xml.WriteAttributeString("label", name);
        xml.WriteAttributeString("source", "manual");
        xml.WriteAttributeString("occluded", "0");
    }

    private static void WriteRest(XmlWriter xml, LabelledImage image)
    {
        xml.WriteStartElement("tag");
        xml.WriteAttributeString("label", FrameExtras.Member);
        xml.WriteAttributeString("source", "manual");
        WriteAttribute(xml, Verdict, image.Verdict switch { PartVerdict.Ok => "OK", PartVerdict.Ng => "NG", _ => "" });
        WriteAttribute(xml, Record, JsonSerializer.Serialize(image.Extras with { Class = null, Verdict = null, Use = null }, FormatsJson.Default.FrameExtras));
        xml.WriteEndElement();
    }

    private static void WriteAttribute(XmlWriter xml, string name, string value)
    {
        xml.WriteStartElement("attribute");
        xml.WriteAttributeString("name", name);
        xml.WriteString(value);
        xml.WriteEndElement();
    }
}
