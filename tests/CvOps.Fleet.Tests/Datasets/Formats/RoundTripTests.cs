using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Datasets.Formats.Import;
using CvOps.Fleet.Frames;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Datasets.Formats;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData(DatasetFormat.Coco)]
    [InlineData(DatasetFormat.Voc)]
    [InlineData(DatasetFormat.Cvat)]
    [InlineData(DatasetFormat.LabelStudio)]
    public void Everything_comes_back_from_a_format_with_room_for_all_of_it(DatasetFormat format) => ComesBack(format, Sets.Everything);

    [Fact]
    public void Csv_brings_back_everything_but_predictions() =>
        ComesBack(DatasetFormat.Csv, [.. Sets.Everything.Select(image => image with { Prediction = null, Model = null })]);

    [Fact]
    public void Folders_hold_the_class_whatever_its_letters_are()
    {
        using var folder = new TestFolder();
        string[] classes = ["scratch", "../up", "50% größe", "a/b", ".hidden", "C:"];
        var images = classes.Select((name, i) => Sets.Image($"i{i}") with { Class = name, Use = i == 0 ? FrameUse.Golden : FrameUse.Training }).Append(Sets.Image("none")).ToArray();
        var writer = FormatTable.Of(DatasetFormat.Folders).Writer;
        using (var file = File.Create(folder["x.zip"]))
        using (var files = ExportFiles.Zip(file))
            foreach (var path in images.Select(writer.ImagePath).OfType<string>()) files.Create(path).Dispose();
        var (read, findings) = Sets.Read(DatasetFormat.Folders, folder["x.zip"], folder.Path, _ => null);
        Assert.Empty(findings.List);
        Assert.Equal(classes, read.Select(image => image.Class));
        Assert.Equal([FrameUse.Golden, null, null, null, null, null], read.Select(image => image.Use));
    }

    [Fact]
    public void From_yolo_come_boxes_and_polygons_to_a_millionth_of_a_pixel()
    {
        var (images, findings) = Sets.Through(DatasetFormat.Yolo, Sets.Everything);
        Assert.Empty(findings.List);
        Assert.Equal(Sets.Everything.Select(image => (image.Name, image.Use == FrameUse.Golden, Objects(image))), images.Select(image => (ImageNames.Base(image.Name), image.Use == FrameUse.Golden, Objects(image))));
    }

    [Fact]
    public void Yolo_writes_boxes_as_such_where_there_are_no_polygons()
    {
        var boxes = Sets.Everything.Where(image => image.Polygons is null).ToArray();
        var (images, findings) = Sets.Through(DatasetFormat.Yolo, boxes);
        Assert.Empty(findings.List);
        Assert.Equal(boxes.Select(Objects), images.Select(Objects));
    }

    private static void ComesBack(DatasetFormat format, LabelledImage[] set)
    {
        var (images, findings) = Sets.Through(format, set);
        Assert.Empty(findings.List);
        Assert.Equal(set.Select(Text), images.Select(Text));
        // Where corners are left and right, or percent, a coordinate differs in its last digits.
        Assert.All(set.Zip(images), pair => Assert.True(LabelMatch.Same(Label(pair.First), LabelMerge.Of(null, pair.Second, true, "tester")), $"{pair.First} is not {pair.Second}"));
    }

    private static FrameLabel Label(LabelledImage image) => new(image.Class, image.Boxes, "tester", default, image.Polygons, image.Verdict);

    /// <summary>Where a picture comes from and what its file is named is the format's own matter.</summary>
    private static string Text(LabelledImage image) => JsonSerializer.Serialize(
        new FrameView
        {
            Id = image.Frame ?? "", Part = image.Part, CapturedAt = image.CapturedAt ?? default, Model = image.Model, Prediction = image.Prediction, Reasons = [], ImageDigest = "", Width = image.Width, Height = image.Height,
            State = LabelState.Labelled, Use = image.Use ?? FrameUse.Training, Label = new FrameLabel(image.Class, [], ImageNames.Base(image.Name), default),
        }, ContractsJson.Default.FrameView);

    private static string Objects(LabelledImage image) => string.Join(' ', image.Boxes.Select(box => $"{box.Class} {box.X:0.000000} {box.Y:0.000000} {box.Width:0.000000} {box.Height:0.000000}")
        .Concat((image.Polygons ?? []).Select(polygon => $"{polygon.Class} {string.Join(' ', polygon.Points.Select(number => $"{number:0.000000}"))}")));
}
