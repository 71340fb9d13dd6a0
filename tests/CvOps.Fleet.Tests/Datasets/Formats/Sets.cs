using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets.Formats;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Datasets.Formats;

/// <summary>Datasets for tests of formats, and the way through a file and back.</summary>
internal static class Sets
{
    public static readonly DateTimeOffset At = new(2026, 11, 21, 8, 30, 15, 125, TimeSpan.Zero);

    private static readonly ModelRef Model = new("steel", "3", new string('a', 64));

    /// <summary>A class, boxes, polygons, a verdict, each alone and together, something that YAML, XML and CSV quote, a golden one and one with nothing to see.</summary>
    public static LabelledImage[] Everything { get; } =
    [
        Image("a1") with { Class = "scratch", Part = "part-7", CapturedAt = At, Verdict = PartVerdict.Ng },
        Image("a2") with { Boxes = [new("dent", 10.25, 20.5, 100.125, 50), new("chip, \"large\" <&>", 0, 0, 640, 480), new("dent", 1.0 / 3, 2.0 / 3, 17, 19)], Verdict = PartVerdict.Ok },
        Image("a3") with { Polygons = [new("dent", [10, 10, 100.5, 12, 90, 77.75]), new("größe: 'x'", [1, 1, 9, 2, 8, 8, 2, 9.5])] },
        Image("a4") with { Class = "ok", Use = FrameUse.Golden, Boxes = [new("dent", 5, 6, 7, 8)], Polygons = [new("dent", [100, 100, 300, 120, 200, 300])] },
        Image("a5"),
        Image("a6") with
        {
            Class = "dent", Model = Model,
            Prediction = new Prediction
            {
                Class = "dent", Confidence = 0.75, Margin = 0.5, Entropy = 0.25, Reject = true,
                Detections = [new Detection("dent", 0.75, 10, 20, 30, 40), new Detection("chip, \"large\" <&>", 0.5, 1, 2, 3, 4) { Polygon = [1, 2, 4, 2, 4, 6] }],
            },
        },
    ];

    public static LabelledImage Image(string id) => new() { Name = $"{id}.jpg", Where = id, Frame = id, Width = 640, Height = 480, Use = FrameUse.Training };

    /// <summary>Writes the pictures in the format and reads the file again.</summary>
    public static (List<LabelledImage> Images, Findings Findings) Through(DatasetFormat format, IReadOnlyList<LabelledImage> images)
    {
        using var folder = new TestFolder();
        Write(format, images, folder["x.zip"]);
        return Read(format, folder["x.zip"], folder.Path, name => images.Where(image => image.Name == ImageNames.Base(name)).Select(image => ((int, int)?)(image.Width, image.Height)).FirstOrDefault());
    }

    public static void Write(DatasetFormat format, IReadOnlyList<LabelledImage> images, string path)
    {
        var summary = new ExportSummary();
        foreach (var image in images) summary.Add(image);
        var view = new DatasetView(new string('d', 64), "a: \"set\"", images.Count, 0, new Dictionary<string, int>(), At, "tester");
        using var file = File.Create(path);
        using var files = ExportFiles.Zip(file);
        FormatTable.Of(format).Writer.Write(new ExportSource(view, summary, _ => images), files, TestContext.Current.CancellationToken);
    }

    public static (List<LabelledImage> Images, Findings Findings) Read(DatasetFormat format, string path, string folder, Func<string, (int, int)?> sizeOf)
    {
        var findings = new Findings();
        using var staged = StagedFiles.Open(folder, path, new ImportLimits(), findings) ?? throw new InvalidOperationException(string.Join('\n', findings.List));
        return ([.. FormatTable.Of(format).Reader.Read(new ReadContext(staged, findings, sizeOf))], findings);
    }
}
