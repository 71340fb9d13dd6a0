using CvOps.Vision;

namespace CvOps.Agent.Tests.Drift;

/// <summary>What can happen to a picture on its way to the model. Each gives a picture of its own.</summary>
internal static class Distortion
{
    /// <summary>Every number times gain plus offset.</summary>
    public static DecodedPicture Linear(DecodedPicture picture, double gain, double offset) =>
        picture with { Bgr = [.. picture.Bgr.Select(v => Byte(gain * v + offset))] };

    /// <summary>Contrast about the picture's own mean, which stays.</summary>
    public static DecodedPicture Stretch(DecodedPicture picture, double gain)
    {
        var mean = picture.Bgr.Average(v => (double)v);
        return Linear(picture, gain, mean * (1 - gain));
    }

    /// <summary>Grey noise, normal.</summary>
    public static DecodedPicture Noise(DecodedPicture picture, double sigma, Random chance)
    {
        var bgr = new byte[picture.Bgr.Length];
        for (var i = 0; i < bgr.Length; i += 3)
        {
            var noise = sigma * Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
            for (var c = 0; c < 3; c++) bgr[i + c] = Byte(picture.Bgr[i + c] + noise);
        }
        return picture with { Bgr = bgr };
    }

    public static DecodedPicture Blur(DecodedPicture picture, double sigma)
    {
        var radius = (int)Math.Ceiling(3 * sigma);
        double[] weights = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(d => Math.Exp(-d * d / (2 * sigma * sigma)))];
        var sum = weights.Sum();
        double Along(Func<int, double> at)
        {
            var total = 0.0;
            for (var k = 0; k < weights.Length; k++) total += weights[k] * at(k - radius);
            return total / sum;
        }

        var rows = Make(picture, (x, y, c) => Along(d => At(picture, x + d, y, c)));
        return Make(rows, (x, y, c) => Along(d => At(rows, x, y + d, c)));
    }

    public static DecodedPicture Mirror(DecodedPicture picture) => Make(picture, (x, y, c) => At(picture, picture.Width - 1 - x, y, c));

    /// <summary>By a right angle; a square stays one.</summary>
    public static DecodedPicture Turn(DecodedPicture picture) => Make(picture, (x, y, c) => At(picture, y, picture.Width - 1 - x, c));

    /// <summary>The middle, larger; nearest pixel.</summary>
    public static DecodedPicture Zoom(DecodedPicture picture, double factor) =>
        Make(picture, (x, y, c) => At(picture, (int)((x - picture.Width / 2) / factor) + picture.Width / 2, (int)((y - picture.Height / 2) / factor) + picture.Height / 2, c));

    private static DecodedPicture Make(DecodedPicture like, Func<int, int, int, double> value)
    {
        var bgr = new byte[like.Bgr.Length];
        for (var y = 0; y < like.Height; y++)
            for (var x = 0; x < like.Width; x++)
            {
                // The data is grey: one channel says all.
                var v = Byte(value(x, y, 0));
                bgr.AsSpan(3 * (y * like.Width + x), 3).Fill(v);
            }
        return like with { Bgr = bgr };
    }

    private static double At(DecodedPicture picture, int x, int y, int channel) =>
        picture.Bgr[3 * (Math.Clamp(y, 0, picture.Height - 1) * picture.Width + Math.Clamp(x, 0, picture.Width - 1)) + channel];

    private static byte Byte(double value) => (byte)Math.Clamp(Math.Round(value), 0, 255);
}
