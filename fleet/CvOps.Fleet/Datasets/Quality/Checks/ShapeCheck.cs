using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>Boxes and outlines that lie outside their picture, have hardly an area, or are drawn twice. Pure.</summary>
internal static class ShapeCheck
{
    /// <summary>Pixels below which nobody can see what was meant.</summary>
    private const double LeastSide = 2;

    // Two marks of one class with so much in common are one mark drawn twice.
    private const double SameIou = 0.95;

    public static void Find(IReadOnlyList<CheckedFrame> frames, FindingList findings)
    {
        foreach (var frame in frames)
        {
            if (frame.Label is not { } label) continue;
            var marks = label.Boxes.Select(box => (box.Class, Bounds: (box.X, box.Y, box.Width, box.Height)))
                .Concat((label.Polygons ?? []).Select(polygon => (polygon.Class, Bounds: Shapes.Bounds(polygon.Points)))).ToArray();
            if (marks.Length == 0) continue;
            var (width, height) = (frame.Trait?.Width ?? frame.Width ?? 0, frame.Trait?.Height ?? frame.Height ?? 0);
            if (width > 0 && height > 0 && marks.Where(mark => Shapes.LeavesPicture(mark.Bounds.X, mark.Bounds.Y, mark.Bounds.Width, mark.Bounds.Height, width, height)).Select(mark => mark.Class).ToArray() is { Length: > 0 } outside)
                Add(frame, FindingLevel.Error, "outside", $"{Counted(outside)} of frame {frame.Id} reaches beyond its picture of {width}x{height} pixels.", outside.Length + 1);
            if (marks.Where(mark => mark.Bounds.Width < LeastSide || mark.Bounds.Height < LeastSide).Select(mark => mark.Class).ToArray() is { Length: > 0 } tiny)
                Add(frame, FindingLevel.Warning, "tiny", $"{Counted(tiny)} of frame {frame.Id} is less than {LeastSide} pixels wide or high.", 0.5);
            if (Twice(marks) is { } name)
                Add(frame, FindingLevel.Warning, "twice", $"'{name}' is drawn twice at one place of frame {frame.Id}.", 1);
        }

        void Add(CheckedFrame frame, FindingLevel level, string which, string what, double weight) =>
            findings.Add(QualityKind.Shape, level, $"{which} {frame.Id}", what, "Draw it anew.", [frame.Id], weight);
    }

    private static string Counted(string[] classes) => classes.Length == 1 ? $"'{classes[0]}'" : $"{classes.Length} marks, '{classes[0]}' the first,";

    private static string? Twice((string Class, (double X, double Y, double Width, double Height) Bounds)[] marks)
    {
        // Of pictures with thousands of marks the pairs are too many, and two of them too few to matter.
        const int most = 500;
        for (var i = 0; i < Math.Min(most, marks.Length); i++)
            for (var j = 0; j < i; j++)
                if (marks[i].Class == marks[j].Class && Iou(marks[i].Bounds, marks[j].Bounds) >= SameIou) return marks[i].Class;
        return null;
    }

    private static double Iou((double X, double Y, double Width, double Height) a, (double X, double Y, double Width, double Height) b)
    {
        var width = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
        var height = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
        if (width <= 0 || height <= 0) return 0;
        return width * height / (a.Width * a.Height + b.Width * b.Height - width * height);
    }
}
