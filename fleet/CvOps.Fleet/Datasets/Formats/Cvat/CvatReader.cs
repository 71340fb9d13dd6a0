using System.Xml;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Cvat;

/// <summary>CVAT for images 1.1, read forwards: an image is forgotten when the next begins.</summary>
internal sealed class CvatReader : IDatasetReader
{
    public IEnumerable<LabelledImage> Read(ReadContext context) =>
        context.Files.Names.Where(name => name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)).SelectMany(file => ReadFile(file, context));

    private static IEnumerable<LabelledImage> ReadFile(string file, ReadContext context)
    {
        using var stream = context.Files.Open(file);
        using var xml = XmlFiles.Read(stream);
        var walk = new Walk(file, xml, context.Findings);
        while (walk.Next() is { } image) yield return image;
    }

    private sealed class Walk(string file, XmlReader xml, Findings findings)
    {
        private readonly HashSet<string> _labels = new(StringComparer.Ordinal);
        private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

        /// <returns>Null at the end, also where the file is damaged; the findings say so.</returns>
        public LabelledImage? Next()
        {
            try
            {
                while (!xml.EOF)
                {
                    if (xml.NodeType != XmlNodeType.Element)
                    {
                        xml.Read();
                        continue;
                    }
                    switch (xml.Name)
                    {
                        case "image":
                            return ReadImage();
                        case "meta":
                            ReadMeta();
                            break;
                        case "track":
                            findings.Error(Where(), "This is CVAT for video: its objects are tracks.", "Export the task as 'CVAT for images 1.1'.");
                            return null;
                        case "annotations":
                            xml.Read();
                            break;
                        default:
                            if (xml.Depth == 0)
                            {
                                findings.Error(file, $"Its root is '{xml.Name}'; a file of CVAT has 'annotations'.", "Take it out, or name its format with --format.");
                                return null;
                            }
                            xml.Skip();
                            break;
                    }
                }
            }
            catch (XmlException e)
            {
                findings.Error(file, $"This is no XML: {e.Message}", "Mend the file; it may have been cut off.");
            }
            return null;
        }

        private string Where() => $"{file}, line {((IXmlLineInfo)xml).LineNumber}";

        /// <summary>The names of the labels, of task, job or project alike.</summary>
        private void ReadMeta()
        {
            using var meta = xml.ReadSubtree();
            while (meta.ReadToFollowing("label"))
            {
                using var label = meta.ReadSubtree();
                if (label.ReadToDescendant("name")) _labels.Add(label.ReadElementContentAsString());
            }
            xml.Read();
        }

        private LabelledImage ReadImage()
        {
            var where = Where();
            if (xml["id"] is { } id && !_ids.Add(id)) findings.Error(where, $"Two images have the id {id}.", "Give each an id of its own.");
            var name = xml["name"]?.Replace('\\', '/') ?? "";
            var image = new LabelledImage
            {
                Name = name, Where = where, Width = (int)(XmlFiles.Number(xml["width"]) ?? 0), Height = (int)(XmlFiles.Number(xml["height"]) ?? 0), Use = Splits.UseOf(xml["subset"]),
            };
            if (name.Length == 0) findings.Error(where, "The image has no 'name'.", "Give it the name of its picture.");
            if (xml.IsEmptyElement)
            {
                xml.Read();
                return image;
            }
            var shapes = new CvatShapes(file, _labels, findings);
            using (var inside = xml.ReadSubtree())
            {
                inside.Read();
                inside.Read();
                while (!inside.EOF)
                {
                    if (inside.NodeType == XmlNodeType.Element) shapes.Add(inside);
                    else inside.Read();
                }
            }
            xml.Read();
            return shapes.On(image);
        }
    }
}
