using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Datasets.Formats.LabelStudio;

/// <summary>What one person or model said of one picture, in pixels.</summary>
internal sealed class StudioRegions((int Width, int Height) size, string where, Findings findings)
{
    public string? Class { get; private set; }

    public double? ChoiceScore { get; private set; }

    public PartVerdict? Verdict { get; private set; }

    public List<LabelBox> Boxes { get; } = [];

    public List<LabelPolygon>? Polygons { get; private set; }

    /// <summary>The same regions as a model gives them.</summary>
    public List<Detection> Scored { get; } = [];

    public void Add(StudioResult result)
    {
        switch (result.Type)
        {
            case StudioWriter.Choices:
                AddChoice(result);
                break;
            case StudioWriter.Boxes when result.Value is { X: { } x, Y: { } y, Width: > 0 and var width, Height: > 0 and var height, RectangleLabels: [var name, ..] }:
                AddBox(new LabelBox(name, x * size.Width / 100, y * size.Height / 100, width * size.Width / 100, height * size.Height / 100), result.Value.Rotation ?? 0, result.Score);
                break;
            case StudioWriter.Outlines when result.Value is { Points: { Count: >= 3 } points, PolygonLabels: [var name, ..] } && points.All(point => point.Length == 2):
                AddPolygon(name, [.. points.SelectMany(point => new[] { point[0] * size.Width / 100, point[1] * size.Height / 100 })], result.Score);
                break;
            case StudioWriter.Boxes or StudioWriter.Outlines:
                findings.Error($"{where}, result {result.Id}", $"A region of the kind '{result.Type}' has no label or no extent.", "Label it in Label Studio, or take it out.");
                break;
            default:
                findings.WarnOnce(where, $"Results of the kind '{result.Type}' are left out: labels have a class, boxes, polygons and a verdict.", "Draw them as rectangles or polygons if they matter.");
                break;
        }
    }

    private void AddChoice(StudioResult result)
    {
        if (result.Value?.Choices is not [var choice, .. var more]) return;
        if (result.FromName == StudioWriter.VerdictControl)
        {
            if (Enum.TryParse<PartVerdict>(choice, ignoreCase: true, out var verdict)) Verdict = verdict;
            else findings.Error($"{where}, result {result.Id}", $"'{choice}' is no verdict.", "Say OK or NG.");
            return;
        }
        if (more.Count > 0 || (Class is not null && Class != choice)) findings.WarnOnce(where, "Of several choices of a picture the first is its class.", "Choose one each.");
        Class ??= choice;
        ChoiceScore ??= result.Score;
    }

    private void AddBox(LabelBox box, double degrees, double? score)
    {
        if (degrees != 0)
        {
            // Label Studio turns a rectangle about its top left corner.
            AddPolygon(box.Class, Shapes.Turn(Shapes.Corners(box), degrees, box.X, box.Y), score);
            return;
        }
        Boxes.Add(box);
        Scored.Add(new Detection(box.Class, Math.Clamp(score ?? 0, 0, 1), box.X, box.Y, box.Width, box.Height));
    }

    private void AddPolygon(string name, double[] points, double? score)
    {
        (Polygons ??= []).Add(new LabelPolygon(name, points));
        var (x, y, width, height) = Shapes.Bounds(points);
        Scored.Add(new Detection(name, Math.Clamp(score ?? 0, 0, 1), x, y, width, height) { Polygon = [.. points] });
    }
}
