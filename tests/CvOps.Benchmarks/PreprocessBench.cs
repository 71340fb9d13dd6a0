using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// From a picture to the tensor of a 640 x 640 model (float32, NCHW, RGB, 0..1), on one thread: ours over OpenCV's resize, copyMakeBorder and
/// blobFromImage, with cvtColor before them for NV12. Rounds alternate; a figure is the median of the rounds' ratios.
/// </summary>
internal static class PreprocessBench
{
    private const int Side = 640;
    private const int Rounds = 31;
    private const int Batch = 12;

    private sealed record Case(string Name, int Width, int Height, PixelFormat Format, bool Stretch, double Bound);

    private static readonly Case[] Cases =
    [
        new("BGR 1920x1080, scale 3", 1920, 1080, PixelFormat.Bgr24, false, 0.45),
        new("BGR 1920x1080 stretched, scales 3 and 1.69", 1920, 1080, PixelFormat.Bgr24, true, 0.45),
        new("BGR 1600x900, scale 2.5", 1600, 900, PixelFormat.Bgr24, false, 0.45),
        new("BGR 1366x768, scale 2.13", 1366, 768, PixelFormat.Bgr24, false, 0.45),
        new("NV12 1920x1080, scale 3", 1920, 1080, PixelFormat.Nv12, false, 0.30),
        new("NV12 1920x1080 stretched, scales 3 and 1.69", 1920, 1080, PixelFormat.Nv12, true, 0.30),
        new("NV12 1600x900, scale 2.5", 1600, 900, PixelFormat.Nv12, false, 0.30),
        new("NV12 1366x768, scale 2.13", 1366, 768, PixelFormat.Nv12, false, 0.30),
    ];

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        var figures = new List<Figure>();
        var worst = 0.0;
        foreach (var one in Cases)
        {
            var (ratio, error) = Measure(one);
            figures.Add(Figure.AtMost($"preprocess time, {one.Name}", ratio, one.Bound, "OpenCV, one thread each"));
            worst = Math.Max(worst, error);
        }
        figures.Add(Figure.AtMost("preprocess, largest difference in 1/255", worst, 1, "exact arithmetic, all of the above"));
        foreach (var (width, height) in ((int, int)[])[(640, 480), (1920, 1080)]) Statistics(width, height);
        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    private static (double Ratio, double Error) Measure(Case one)
    {
        using var folder = new TestFolder();
        var pixels = Picture(one);
        File.WriteAllBytes(folder["picture"], pixels);
        var spec = new InputSpec { Name = "images", Width = Side, Height = Side, Resize = one.Stretch ? ResizeMode.Stretch : ResizeMode.LetterboxCentre };
        var plan = PreprocessPlan.Create(spec, one.Width, one.Height, one.Format);
        var tensor = GC.AllocateArray<float>(3 * Side * Side, pinned: true);
        double Ours(int count)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++) plan.Fill(new PictureView(pixels, one.Width, one.Height, one.Format), tensor);
            return Stopwatch.GetElapsedTime(started).TotalSeconds / count;
        }

        using var rival = new OpenCvPreprocess(folder["picture"], one.Width, one.Height, one.Format, one.Stretch, threads: 1);
        using var free = new OpenCvPreprocess(folder["picture"], one.Width, one.Height, one.Format, one.Stretch, threads: 0);
        // The JIT compiles a loop again that has run often.
        for (var warm = 0; warm < 20; warm++) (_, _, _) = (Ours(Batch), rival.Time(2), free.Time(2));
        var rounds = new List<(double Ours, double Theirs, double Free)>();
        for (var round = 0; round < Rounds; round++) rounds.Add((Ours(Batch), rival.Time(Batch), free.Time(Batch)));
        var ratio = Median(rounds.Select(round => round.Ours / round.Theirs));

        rival.Tensor(folder["tensor"]);
        var theirs = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(folder["tensor"]));
        var apart = 0.0;
        for (var i = 0; i < tensor.Length; i++) apart = Math.Max(apart, Math.Abs(tensor[i] - theirs[i]));
        var error = Error(one, pixels, tensor);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{one.Name}: {Median(rounds.Select(r => r.Ours)) * 1e3:0.000} ms, OpenCV {rival.Version} {Median(rounds.Select(r => r.Theirs)) * 1e3:0.000} ms on 1 thread, {Median(rounds.Select(r => r.Free)) * 1e3:0.000} ms on its default of {free.Threads}; {error:0.000}/255 off exact arithmetic, {apart * 255:0.000}/255 off OpenCV"));
        return (ratio, error);
    }

    /// <summary>Noise over shapes, so that every colour and step occurs.</summary>
    private static byte[] Picture(Case one)
    {
        var pixels = new byte[PictureView.SizeOf(one.Width, one.Height, one.Format)];
        new Random(7).NextBytes(pixels);
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (byte)(i / 97 % 3 == 0 ? pixels[i] : i / 31);
        return pixels;
    }

    private static double Error(Case one, byte[] pixels, float[] tensor)
    {
        var picture = one.Format == PixelFormat.Bgr24 ? ExactPicture.Bgr(pixels, one.Width, one.Height) : ExactPicture.Yuv(pixels, one.Width, one.Height, interleaved: true);
        var (width, height) = one.Stretch ? (Side, Side) : (Side, (int)Math.Round(one.Height * (double)Side / one.Width));
        var exact = picture.Resized(width, height);
        var worst = 0.0;
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var row = y - (Side - height) / 2;
                for (var channel = 0; channel < 3; channel++)
                {
                    var expected = row < 0 || row >= height ? 114 : exact[((2 - channel) * height + row) * width + x];
                    worst = Math.Max(worst, Math.Abs(expected - 255 * tensor[(channel * Side + y) * Side + x]));
                }
            }
        }
        return worst;
    }

    private static void Statistics(int width, int height)
    {
        var pixels = new byte[PictureView.SizeOf(width, height, PixelFormat.I420)];
        new Random(1).NextBytes(pixels);
        var times = new List<double>();
        for (var round = 0; round < 200; round++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < 5; i++) _ = FrameStatistics.Measure(new PictureView(pixels, width, height, PixelFormat.I420));
            times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds / 5);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"frame statistics of {width}x{height}: {Median(times) * 1e6:0} microseconds"));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
