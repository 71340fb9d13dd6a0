using System.Globalization;
using System.Text.Json;
using System.Xml;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Cvat;

/// <summary>What is drawn on one image of CVAT.</summary>
/// <param name="labels">The names that the file's <c>meta</c> lists; empty where it has none.</param>
internal sealed class CvatShapes(string file, HashSet<string> labels, Findings findings)
{
    private readonly List<LabelBox> _boxes = [];
    private List<LabelPolygon>? _polygons;
    private string? _class;
    private PartVerdict? _verdict;
    private FrameExtras? _extras;

    public LabelledImage On(LabelledImage image) => (image with { Boxes = _boxes, Polygons = _polygons, Class = _class, Verdict = _verdict }).With(_extras);

    /// <param name="xml">At the shape's element; afterwards behind it.</param>
    public void Add(XmlReader xml)
    {
        var where = $"{file}, line {((IXmlLineInfo)xml).LineNumber}";
        var (shape, label) = (xml.Name, xml["label"]);
        if (string.IsNullOrEmpty(label) || (labels.Count > 0 && !labels.Contains(label)))
        {
            findings.Error(where, string.IsNullOrEmpty(label) ? $"The {shape} has no 'label'." : $"There is no label '{label}' in the file's 'meta'.", "Add the label, or correct the name.");
            xml.Skip();
            return;
        }
        switch (shape)
        {
            case "box":
                AddBox(xml, label, where);
                break;
            case "polygon":
                AddPolygon(xml, label, where);
                break;
            case "tag" when label == FrameExtras.Member:
                AddRest(xml, where);
                return;
            case "tag":
                if (_class is not null && _class != label) findings.WarnOnce(where, "Of several tags of a picture the first is its class.", "Tag each picture once.");
                _class ??= label;
                break;
            default:
                findings.WarnOnce(where, $"Shapes of the kind '{shape}' are left out: labels have boxes and polygons.", "Draw them as polygons in CVAT if they matter.");
                break;
        }
        xml.Skip();
    }

    private void AddBox(XmlReader xml, string label, string where)
    {
        if (XmlFiles.Number(xml["xtl"]) is not { } left || XmlFiles.Number(xml["ytl"]) is not { } top || XmlFiles.Number(xml["xbr"]) is not { } right || XmlFiles.Number(xml["ybr"]) is not { } bottom
            || right <= left || bottom <= top)
        {
            findings.Error(where, "The box has not xtl, ytl, xbr and ybr with a width and height above 0.", "Draw it anew, or take it out.");
            return;
        }
        var box = new LabelBox(label, left, top, right - left, bottom - top);
        // CVAT turns a box about its centre.
        if (XmlFiles.Number(xml["rotation"]) is { } degrees and not 0) (_polygons ??= []).Add(new LabelPolygon(label, Shapes.Turn(Shapes.Corners(box), degrees, (left + right) / 2, (top + bottom) / 2)));
        else _boxes.Add(box);
    }

    private void AddPolygon(XmlReader xml, string label, string where)
    {
        var numbers = (xml["points"] ?? "").Split([';', ','], StringSplitOptions.TrimEntries).Select(XmlFiles.Number).ToArray();
        if (numbers.Length >= 6 && numbers.Length % 2 == 0 && numbers.All(number => number is not null)) (_polygons ??= []).Add(new LabelPolygon(label, [.. numbers.Select(number => number!.Value)]));
        else findings.Error(where, "The polygon has not 'points' of at least three corners, 'x,y' each, ';' between them.", "Draw it anew, or take it out.");
    }

    private void AddRest(XmlReader xml, string where)
    {
        using (var inside = xml.ReadSubtree())
        {
            // What reads an attribute's text stands at the next one afterwards.
            while (!inside.EOF)
            {
                if (inside.NodeType != XmlNodeType.Element || inside.Name != "attribute")
                {
                    inside.Read();
                    continue;
                }
                var name = inside["name"];
                var value = inside.ReadElementContentAsString();
                if (name == CvatWriter.Verdict && value.Length > 0)
                {
                    if (Enum.TryParse<PartVerdict>(value, ignoreCase: true, out var verdict)) _verdict = verdict;
                    else findings.Error(where, string.Create(CultureInfo.InvariantCulture, $"'{value}' is no verdict."), "Say OK or NG.");
                }
                else if (name == CvatWriter.Record) ReadRecord(value, where);
            }
        }
        xml.Read();
    }

    private void ReadRecord(string json, string where)
    {
        try
        {
            _extras = JsonSerializer.Deserialize(json, FormatsJson.Default.FrameExtras);
        }
        catch (JsonException e)
        {
            findings.Error(where, $"The attribute '{CvatWriter.Record}' can't be read: {e.Message}", "Leave it as it was exported, or take it out.");
        }
    }
}
