using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Vision;

namespace CvOps.Fleet.Datasets.Synthesis;

/// <summary>
/// Cuts a defect out of one picture and pastes it into another that has none (Dwibedi, Misra and Hebert 2017): turned about, a little larger or smaller, as bright
/// as the place where it lies, and faded into it, so that a model does not learn the seam. Pure but for the chance given.
/// </summary>
internal static class CutPaste
{
    /// <summary>Of the picture's sides that the defect may fill.</summary>
    private const double MostOfSide = 0.9;

    /// <param name="onto">Rows of B,G,R bytes; changed in place.</param>
    /// <param name="label">Of the picture that it is pasted into.</param>
    /// <returns>Its label with the defect, and what was done.</returns>
    public static (FrameLabel Label, string Recipe) Apply(DecodedPicture onto, FrameLabel label, DecodedPicture donor, FrameLabel donorLabel, Cutout cutout, Random random)
    {
        var scale = Math.Min(0.8 + 0.45 * random.NextDouble(), MostOfSide * Math.Min(onto.Width / cutout.Width, onto.Height / cutout.Height));
        var mirrored = random.NextDouble() < 0.5;
        var (width, height) = (cutout.Width * scale, cutout.Height * scale);
        var (left, top) = (Math.Floor((onto.Width - width) * random.NextDouble()), Math.Floor((onto.Height - height) * random.NextDouble()));
        var shift = Shift(onto, left, top, width, height, donor, cutout);
        for (var y = (int)top; y < Math.Min(onto.Height, top + height); y++)
        {
            for (var x = (int)left; x < Math.Min(onto.Width, left + width); x++)
            {
                var across = (x + 0.5 - left) / scale;
                var (fromX, fromY) = (cutout.X + (mirrored ? cutout.Width - across : across), cutout.Y + (y + 0.5 - top) / scale);
                var alpha = cutout.Alpha(fromX, fromY);
                if (alpha <= 0) continue;
                for (var channel = 0; channel < 3; channel++)
                {
                    var at = (y * onto.Width + x) * 3 + channel;
                    onto.Bgr[at] = Augmentation.ToByte((1 - alpha) * onto.Bgr[at] + alpha * (Sample(donor, fromX, fromY, channel) + shift[channel]));
                }
            }
        }
        (double, double) Place(double x, double y) => (left + scale * (mirrored ? cutout.X + cutout.Width - x : x - cutout.X), top + scale * (y - cutout.Y));
        return (Label(label, donorLabel, cutout, new LabelBox(cutout.Class, left, top, width, height), Place),
            string.Create(CultureInfo.InvariantCulture, $"{cutout.Class} pasted at {left:0},{top:0} of {width:0}x{height:0}, x{scale:0.00}{(mirrored ? ", mirrored" : "")}"));
    }

    /// <summary>The defect joins what was said of the picture: the class is the defect's where the picture had one, and OK becomes NG.</summary>
    private static FrameLabel Label(FrameLabel label, FrameLabel donor, Cutout cutout, LabelBox box, Func<double, double, (double, double)> place) => label with
    {
        Class = label.Class is null ? null : donor.Class ?? cutout.Class,
        Verdict = label.Verdict is null ? null : PartVerdict.Ng,
        Boxes = cutout.HasOutline ? label.Boxes : [.. label.Boxes, box],
        Polygons = cutout.HasOutline ? [.. label.Polygons ?? [], cutout.Outline(place)] : label.Polygons,
    };

    /// <summary>What the surroundings there are brighter than those here, by channel.</summary>
    private static double[] Shift(DecodedPicture onto, double left, double top, double width, double height, DecodedPicture donor, Cutout cutout)
    {
        var (margin, shift) = (Math.Max(2, cutout.Feather), new double[3]);
        for (var channel = 0; channel < 3; channel++)
        {
            var own = channel;
            var here = Mean(donor, cutout.X - margin, cutout.Y - margin, cutout.Width + 2 * margin, cutout.Height + 2 * margin, own, (x, y) => x < cutout.X || y < cutout.Y || x > cutout.X + cutout.Width || y > cutout.Y + cutout.Height);
            var there = Mean(onto, left, top, width, height, own, (_, _) => true);
            // A defect that fills its picture has no surroundings to tell its light by.
            shift[channel] = double.IsFinite(here) && double.IsFinite(there) ? there - here : 0;
        }
        return shift;
    }

    private static double Mean(DecodedPicture picture, double left, double top, double width, double height, int channel, Func<double, double, bool> counts)
    {
        var (sum, count) = (0.0, 0);
        for (var y = Math.Max(0, (int)top); y < Math.Min(picture.Height, top + height); y++)
            for (var x = Math.Max(0, (int)left); x < Math.Min(picture.Width, left + width); x++)
            {
                if (!counts(x + 0.5, y + 0.5)) continue;
                sum += picture.Bgr[(y * picture.Width + x) * 3 + channel];
                count++;
            }
        return sum / count;
    }

    /// <summary>Bilinear, at a point in pixels whose centres are at halves.</summary>
    private static double Sample(DecodedPicture picture, double x, double y, int channel)
    {
        var (left, top) = (Math.Clamp(x - 0.5, 0, picture.Width - 1), Math.Clamp(y - 0.5, 0, picture.Height - 1));
        var (x0, y0) = ((int)left, (int)top);
        var (x1, y1) = (Math.Min(x0 + 1, picture.Width - 1), Math.Min(y0 + 1, picture.Height - 1));
        double At(int column, int row) => picture.Bgr[(row * picture.Width + column) * 3 + channel];
        var (across, down) = (left - x0, top - y0);
        return (1 - down) * ((1 - across) * At(x0, y0) + across * At(x1, y0)) + down * ((1 - across) * At(x0, y1) + across * At(x1, y1));
    }
}
