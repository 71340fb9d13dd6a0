using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Tests.Datasets.Formats;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData(DatasetFormat.Coco)]
    public void Everything_comes_back_from_a_format_with_room_for_all_of_it(DatasetFormat format)
    {
        var (images, findings) = Sets.Through(format, Sets.Everything);
        Assert.Empty(findings.List);
        Assert.Equal(Sets.Everything.Select(Text), images.Select(Text));
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

    /// <summary>Where a picture comes from and what its file is named is the format's own matter.</summary>
    internal static string Text(LabelledImage image) => JsonSerializer.Serialize(
        new FrameView
        {
            Id = image.Frame ?? "", Part = image.Part, CapturedAt = image.CapturedAt ?? default, Model = image.Model, Prediction = image.Prediction, Reasons = [], ImageDigest = "", Width = image.Width, Height = image.Height,
            State = LabelState.Labelled, Use = image.Use ?? FrameUse.Training, Label = new FrameLabel(image.Class, image.Boxes, ImageNames.Base(image.Name), default, image.Polygons, image.Verdict),
        }, ContractsJson.Default.FrameView);

    private static string Objects(LabelledImage image) => string.Join(' ', image.Boxes.Select(box => $"{box.Class} {box.X:0.000000} {box.Y:0.000000} {box.Width:0.000000} {box.Height:0.000000}")
        .Concat((image.Polygons ?? []).Select(polygon => $"{polygon.Class} {string.Join(' ', polygon.Points.Select(number => $"{number:0.000000}"))}")));
}
