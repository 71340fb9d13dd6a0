using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats.Export;

/// <summary>What a dataset consists of, as far as formats differ in it.</summary>
internal sealed class ExportSummary
{
    private readonly SortedDictionary<string, int> _classes = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _objects = new(StringComparer.Ordinal);

    public int Frames { get; private set; }

    public int Golden { get; private set; }

    /// <summary>Pictures with a class, a verdict, or objects.</summary>
    public int WithClass { get; private set; }

    public int WithVerdict { get; private set; }

    public int WithObjects { get; private set; }

    public int Boxes { get; private set; }

    public int Polygons { get; private set; }

    /// <summary>Objects that reach beyond their picture by more than a hundredth of its sides.</summary>
    public int BeyondPicture { get; private set; }

    /// <summary>Boxes that do not begin and end at whole pixels.</summary>
    public int Broken { get; private set; }

    /// <summary>Pictures a class is the label of, or that have an object of it.</summary>
    public IReadOnlyDictionary<string, int> Classes => _classes;

    /// <summary>Classes of boxes and polygons, in the order of their bytes.</summary>
    public IReadOnlyCollection<string> ObjectClasses => _objects;

    public void Add(LabelledImage image)
    {
        Frames++;
        if (image.Use == FrameUse.Golden) Golden++;
        if (image.Class is not null) WithClass++;
        if (image.Verdict is not null) WithVerdict++;
        if (image.Boxes.Count > 0 || image.Polygons is { Count: > 0 }) WithObjects++;
        foreach (var name in image.Classes) _classes[name] = _classes.GetValueOrDefault(name) + 1;
        foreach (var box in image.Boxes)
        {
            Boxes++;
            if (!double.IsInteger(box.X) || !double.IsInteger(box.Y) || !double.IsInteger(box.Width) || !double.IsInteger(box.Height)) Broken++;
            _objects.Add(box.Class);
            Look(image, (box.X, box.Y, box.Width, box.Height));
        }
        foreach (var polygon in image.Polygons ?? [])
        {
            Polygons++;
            _objects.Add(polygon.Class);
            Look(image, Shapes.Bounds(polygon.Points));
        }
    }

    private void Look(LabelledImage image, (double X, double Y, double Width, double Height) bounds)
    {
        if (Shapes.LeavesPicture(bounds.X, bounds.Y, bounds.Width, bounds.Height, image.Width, image.Height)) BeyondPicture++;
    }
}
