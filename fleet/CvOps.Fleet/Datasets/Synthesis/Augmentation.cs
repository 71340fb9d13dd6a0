using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Synthesis;

/// <summary>
/// What light, lens and sensor might have done to a picture: mirrored, otherwise exposed, noisier, softer. What is drawn on it moves along. Pure but for the chance given.
/// </summary>
internal static class Augmentation
{
    public const string Mirror = "mirror";
    public const string Exposure = "exposure";
    public const string Noise = "noise";
    public const string Blur = "blur";

    public static readonly IReadOnlyList<string> All = [Mirror, Exposure, Noise, Blur];

    /// <param name="bgr">Rows of B,G,R bytes; changed in place.</param>
    /// <param name="operations">Which may be used, of <see cref="All"/>; at least one is.</param>
    /// <returns>The label as it is now, and what was done.</returns>
    public static (FrameLabel Label, string Recipe) Apply(byte[] bgr, int width, int height, FrameLabel label, IReadOnlyList<string> operations, Random random)
    {
        var recipe = new List<string>();
        // One that is always used, and each other as often as not.
        var always = operations[random.Next(operations.Count)];
        foreach (var operation in All.Where(operations.Contains))
        {
            if (operation != always && random.NextDouble() < 0.5) continue;
            switch (operation)
            {
                case Mirror:
                    MirrorRows(bgr, width, height);
                    label = Mirrored(label, width);
                    recipe.Add(Mirror);
                    break;
                case Exposure:
                    var (gain, offset) = (0.7 + 0.6 * random.NextDouble(), 40 * random.NextDouble() - 20);
                    for (var i = 0; i < bgr.Length; i++) bgr[i] = ToByte(bgr[i] * gain + offset);
                    recipe.Add(string.Create(CultureInfo.InvariantCulture, $"{Exposure} x{gain:0.00} {offset:+0;-0}"));
                    break;
                case Noise:
                    var sigma = 2 + 6 * random.NextDouble();
                    // The same for the three channels of a pixel: most factory cameras are grey.
                    for (var i = 0; i + 2 < bgr.Length; i += 3)
                    {
                        var grain = sigma * Normal(random);
                        for (var channel = 0; channel < 3; channel++) bgr[i + channel] = ToByte(bgr[i + channel] + grain);
                    }
                    recipe.Add(string.Create(CultureInfo.InvariantCulture, $"{Noise} {sigma:0.0}"));
                    break;
                default:
                    BlurRows(bgr, width, height);
                    recipe.Add(Blur);
                    break;
            }
        }
        return (label, string.Join(", ", recipe));
    }

    public static FrameLabel Mirrored(FrameLabel label, int width) => label with
    {
        Boxes = [.. label.Boxes.Select(box => box with { X = width - box.X - box.Width })],
        Polygons = label.Polygons is null ? null : [.. label.Polygons.Select(polygon => polygon with { Points = [.. polygon.Points.Select((value, i) => i % 2 == 0 ? width - value : value)] })],
    };

    public static byte ToByte(double value) => (byte)Math.Clamp(Math.Round(value), 0, 255);

    private static void MirrorRows(byte[] bgr, int width, int height)
    {
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width / 2; x++)
                for (var channel = 0; channel < 3; channel++)
                {
                    var (left, right) = ((y * width + x) * 3 + channel, (y * width + width - 1 - x) * 3 + channel);
                    (bgr[left], bgr[right]) = (bgr[right], bgr[left]);
                }
    }

    /// <summary>Binomial of 3, in both directions; the outermost pixels stay.</summary>
    private static void BlurRows(byte[] bgr, int width, int height)
    {
        Blur3(bgr, 3, width, height, width * 3);
        Blur3(bgr, width * 3, height, width, 3);
    }

    private static void Blur3(byte[] bgr, int step, int count, int lines, int nextLine)
    {
        for (var line = 0; line < lines; line++)
            for (var channel = 0; channel < 3; channel++)
            {
                var at = line * nextLine + channel;
                int before = count > 0 ? bgr[at] : 0;
                for (var i = 1; i + 1 < count; i++)
                {
                    at += step;
                    int here = bgr[at];
                    bgr[at] = (byte)((before + 2 * here + bgr[at + step] + 2) / 4);
                    before = here;
                }
            }
    }

    // Box and Muller 1958.
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
