using System.Diagnostics;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Fleet.Tests.Drift;

/// <summary>Real steel pictures as an agent measures them.</summary>
internal static class SteelVideo
{
    private const int Side = 200;

    /// <summary>What each frame of a video of the recorded data is like, decoded by ffmpeg to I420.</summary>
    public static List<RunnerResult> Measure(string name, ModelRunner model)
    {
        var measured = new List<RunnerResult>();
        using var process = Process.Start(new ProcessStartInfo(
            "ffmpeg", ["-v", "error", "-i", TestData.Require("videos", name), "-map", "0:v:0", "-vsync", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"])
        {
            RedirectStandardOutput = true,
        })!;
        var frame = new byte[Side * Side * 3 / 2];
        while (process.StandardOutput.BaseStream.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
            measured.Add(model.Infer(new PictureView(frame, Side, Side, PixelFormat.I420)));
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return measured;
    }

    /// <summary>The profile that packing the model with the pictures it was trained on gives.</summary>
    public static ReferenceProfile TrainingProfile(ModelRunner model)
    {
        var profile = new ReferenceProfileBuilder();
        foreach (var file in Directory.EnumerateFiles(TestData.Require("neu-det", "images", "train"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var result = model.Infer(JpegCodec.Decode(File.ReadAllBytes(file)).View);
            profile.Add(result.Statistics, result.Prediction);
        }
        return profile.Build();
    }
}
