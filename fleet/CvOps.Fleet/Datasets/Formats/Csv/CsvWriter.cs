using System.Buffers;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Csv;

/// <summary>One file <c>labels.csv</c>: a row an object, the picture's own columns repeated, and one row for a picture without objects.</summary>
internal sealed class CsvWriter : IDatasetWriter
{
    public const string Header = "file,frame,use,width,height,part,captured_at,class,verdict,shape,label,x,y,w,h,points,attributes";

    private static readonly IReadOnlyDictionary<string, string> NoAttributes = new Dictionary<string, string>();
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n;");

    public string ImageFolder => "images/";

    public void Check(ExportSummary summary, Findings findings) => findings.Warn("labels.csv", "CSV has no predictions.", "Export COCO or Label Studio if they matter.");

    public void Write(ExportSource source, ExportFiles files, CancellationToken cancel)
    {
        using var csv = new StreamWriter(files.Create("labels.csv"));
        csv.Write(Header + "\n");
        foreach (var image in source.Read(withFrames: true))
        {
            cancel.ThrowIfCancellationRequested();
            var own = string.Create(CultureInfo.InvariantCulture, $"{Quote(image.Name)},{Quote(image.Frame)},{image.Use},{image.Width},{image.Height},{Quote(image.Part)},{image.CapturedAt:O},{Quote(image.Class)},{Words(image.Verdict)}");
            var attributes = Quote(string.Join('&', (image.Attributes ?? NoAttributes).Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}")));
            if (image.Boxes.Count == 0 && image.Polygons is not { Count: > 0 }) csv.Write($"{own},,,,,,,,{attributes}\n");
            foreach (var box in image.Boxes) csv.Write(string.Create(CultureInfo.InvariantCulture, $"{own},box,{Quote(box.Class)},{box.X},{box.Y},{box.Width},{box.Height},,{attributes}\n"));
            foreach (var polygon in image.Polygons ?? [])
                csv.Write($"{own},polygon,{Quote(polygon.Class)},,,,,{string.Join(' ', polygon.Points.Select(XmlFiles.Text))},{attributes}\n");
        }
    }

    private static string Words(PartVerdict? verdict) => verdict switch { PartVerdict.Ok => "OK", PartVerdict.Ng => "NG", _ => "" };

    private static string Quote(string? text) => text is null ? "" : text.AsSpan().ContainsAny(Quoted) || text.AsSpan().Trim().Length != text.Length ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
