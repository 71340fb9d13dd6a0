using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Csv;

/// <summary>
/// Our own columns, or those of other programs by the names they mostly have: a file and a class, and xmin, ymin, xmax, ymax where a row is an object. The rows
/// of a picture follow each other.
/// </summary>
internal sealed class CsvReader : IDatasetReader
{
    public IEnumerable<LabelledImage> Read(ReadContext context) =>
        context.Files.Names.Where(name => name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)).SelectMany(file => ReadFile(file, context));

    private static IEnumerable<LabelledImage> ReadFile(string file, ReadContext context)
    {
        using var text = new StreamReader(context.Files.Open(file));
        var first = text.ReadLine() ?? "";
        var delimiter = !first.Contains(',') && first.Contains(';') ? ';' : ',';
        var columns = CsvColumns.Of(new CsvRows(new StringReader(first), delimiter).Read() ?? [], file, context.Findings, context.Attributes ?? []);
        if (columns is null) yield break;
        var rows = new CsvRows(text, delimiter);
        LabelledImage? image = null;
        while (Next(rows, file, context.Findings) is { } fields)
        {
            var where = $"{file}, line {rows.Line + 1}";
            if (columns.Read(fields, where, context.Findings) is not { } row) continue;
            if (image is not null && image.Name == row.Name)
            {
                image = image with { Boxes = [.. image.Boxes, .. row.Boxes], Polygons = row.Polygons is null ? image.Polygons : [.. image.Polygons ?? [], .. row.Polygons] };
                continue;
            }
            if (image is not null) yield return image;
            image = row;
        }
        if (image is not null) yield return image;
    }

    private static List<string>? Next(CsvRows rows, string file, Findings findings)
    {
        try
        {
            return rows.Read();
        }
        catch (FormatException e)
        {
            findings.Error(file, e.Message, "Close the quote, or take the row out.");
            return null;
        }
    }
}

/// <summary>Where in a row what is said of a picture stands.</summary>
internal sealed class CsvColumns
{
    private readonly Dictionary<string, int> _at = [];
    private readonly Dictionary<string, int> _attributes = [];

    private static readonly (string Name, string[] Others)[] Known =
    [
        ("file", ["filename", "file_name", "image", "image_path", "path", "filepath"]), ("class", ["category"]), ("use", ["split", "subset"]), ("frame", []), ("width", ["image_width"]),
        ("height", ["image_height"]), ("part", []), ("captured_at", []), ("verdict", []), ("shape", []), ("label", ["class_name"]), ("x", []), ("y", []), ("w", []), ("h", []),
        ("points", []), ("xmin", ["x_min"]), ("ymin", ["y_min"]), ("xmax", ["x_max"]), ("ymax", ["y_max"]), ("attributes", []),
    ];

    private bool HasCorners => _at.ContainsKey("xmin") && _at.ContainsKey("ymin") && _at.ContainsKey("xmax") && _at.ContainsKey("ymax");

    /// <returns>Null when nothing can be read by this header; the findings say why.</returns>
    /// <param name="attributes">Columns that are wanted besides.</param>
    public static CsvColumns? Of(List<string> header, string file, Findings findings, IReadOnlyList<string> attributes)
    {
        var columns = new CsvColumns();
        for (var i = 0; i < header.Count; i++)
        {
            var name = header[i].Trim().TrimStart('\uFEFF').ToLowerInvariant();
            var known = Known.FirstOrDefault(column => column.Name == name || column.Others.Contains(name)).Name;
            if (known is not null) columns._at.TryAdd(known, i);
            if (attributes.FirstOrDefault(attribute => string.Equals(attribute, name, StringComparison.OrdinalIgnoreCase)) is { } wanted) columns._attributes.TryAdd(wanted, i);
        }
        if (attributes.FirstOrDefault(attribute => !columns._attributes.ContainsKey(attribute)) is { } absent) findings.Error($"{file}, line 1", $"Its header has no column '{absent}'.", "Name attributes as the header does.");
        if (columns._at.ContainsKey("file") && (columns._at.ContainsKey("class") || columns._at.ContainsKey("label") || columns._at.ContainsKey("shape") || columns._at.ContainsKey("verdict"))) return columns;
        findings.Error($"{file}, line 1", "Its header names no 'file', or none of 'class', 'label', 'shape' and 'verdict'.", $"Begin with such a header: {CsvWriter.Header}.");
        return null;
    }

    public LabelledImage? Read(List<string> fields, string where, Findings findings)
    {
        var name = Field("file").Replace('\\', '/');
        if (name.Length == 0)
        {
            findings.Error(where, "The row names no file.", "Name the picture, or take the row out.");
            return null;
        }
        var image = new LabelledImage
        {
            Name = name, Where = where, Frame = Word("frame"), Width = Whole("width"), Height = Whole("height"), Part = Word("part"), Class = Class(), Verdict = Verdict(where, findings),
            Use = Enum.TryParse<FrameUse>(Field("use"), ignoreCase: true, out var use) ? use : Splits.UseOf(Field("use")),
            CapturedAt = DateTimeOffset.TryParse(Field("captured_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
            Attributes = Attributes(),
        };
        return Shape(image, where, findings);

        Dictionary<string, string>? Attributes()
        {
            var all = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var pair in Field("attributes").Split('&', StringSplitOptions.RemoveEmptyEntries))
                if (pair.IndexOf('=', StringComparison.Ordinal) is > 0 and var end) all[Uri.UnescapeDataString(pair[..end])] = Uri.UnescapeDataString(pair[(end + 1)..]);
            foreach (var (attribute, i) in _attributes)
                if (i < fields.Count && fields[i].Trim() is { Length: > 0 } value) all[attribute] = value;
            return all.Count == 0 ? null : all;
        }

        string Field(string column) => _at.TryGetValue(column, out var i) && i < fields.Count ? fields[i] : "";
        string? Word(string column) => Field(column) is { Length: > 0 } text ? text : null;
        double? Number(string column) => XmlFiles.Number(Field(column));
        int Whole(string column) => Number(column) is { } pixels and > 0 and < int.MaxValue ? (int)pixels : 0;

        // Where a row is an object and has one word, the word is the object's.
        string? Class() => HasCorners && !_at.ContainsKey("shape") ? null : Word("class") ?? (_at.ContainsKey("shape") ? null : Word("label"));

        PartVerdict? Verdict(string place, Findings found)
        {
            if (Word("verdict") is not { } text) return null;
            if (Enum.TryParse<PartVerdict>(text, ignoreCase: true, out var verdict)) return verdict;
            found.Error(place, $"'{text}' is no verdict.", "Say OK or NG, or nothing.");
            return null;
        }

        LabelledImage? Shape(LabelledImage row, string place, Findings found)
        {
            var label = Word("label") ?? (_at.ContainsKey("shape") ? null : Word("class"));
            switch (Field("shape"))
            {
                case "box" when label is not null && Number("x") is { } x && Number("y") is { } y && Number("w") is > 0 and var w && Number("h") is > 0 and var h:
                    return row with { Boxes = [new LabelBox(label, x, y, w, h)] };
                case "polygon" when label is not null && Field("points").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(XmlFiles.Number).ToArray() is { Length: >= 6 } points
                    && points.Length % 2 == 0 && points.All(number => number is not null):
                    return row with { Polygons = [new LabelPolygon(label, [.. points.Select(number => number!.Value)])] };
                case "" when HasCorners && Word("xmin") is not null:
                    if (label is not null && Number("xmin") is { } left && Number("ymin") is { } top && Number("xmax") is { } right && Number("ymax") is { } bottom && right > left && bottom > top)
                        return row with { Boxes = [new LabelBox(label, left, top, right - left, bottom - top)] };
                    break;
                case "":
                    return row with { IsLabelled = row.Class is not null || row.Verdict is not null || _at.ContainsKey("shape") || HasCorners };
            }
            found.Error(place, "The row is no object: a box needs 'label', x, y, w and h (or xmin to ymax) with an extent, a polygon 'label' and 'points' of at least three corners.", "Correct the row, or take it out.");
            return null;
        }
    }
}
