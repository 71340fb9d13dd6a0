using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

/// <summary>Recorded models, pictures and manifests, read the way a test wants them.</summary>
internal static class VisionData
{
    private static readonly string Manifests = TestData.InRepository("tests", "data", "manifests");

    public static ModelManifest Manifest(string model)
    {
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(Manifests, model + ".json")), ContractsJson.Default.ModelManifest)!;
        if (!model.StartsWith("squeezenet", StringComparison.Ordinal)) return manifest;
        return manifest with { Classes = [.. File.ReadLines(TestData.Require("models", "imagenet_labels.txt")).Where(line => line.Length > 0).Select((line, i) => $"{i} {line}")] };
    }

    public static ModelSession Open(string model) =>
        ModelSession.Open(File.ReadAllBytes(TestData.Require("models", model + ".onnx")), Manifest(model), new SessionSettings(AllowGpu: false));

    public static JsonElement Reference(string model) => JsonDocument.Parse(File.ReadAllBytes(TestData.Require("reference-outputs", model + ".json"))).RootElement;

    public static float[] Tensor(string file) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(TestData.Require("reference-outputs", file))).ToArray();

    /// <summary>JPEG by our codec, anything else by ffmpeg.</summary>
    public static DecodedPicture Picture(string path) => path.EndsWith(".jpg", StringComparison.Ordinal) ? JpegCodec.Decode(File.ReadAllBytes(path)) : ByFfmpeg(path);

    /// <summary>A picture of smooth shapes and edges; the same for the same size.</summary>
    public static byte[] Bgr(int width, int height, int seed = 1)
    {
        var random = new Random(seed);
        var bgr = new byte[3 * width * height];
        var (fx, fy) = (random.NextDouble() * 0.1 + 0.02, random.NextDouble() * 0.1 + 0.02);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var at = 3 * (y * width + x);
                bgr[at] = (byte)(128 + 100 * Math.Sin(x * fx) * Math.Cos(y * fy));
                bgr[at + 1] = (byte)(x * 255 / width);
                bgr[at + 2] = (byte)((x / 8 + y / 8) % 2 == 0 ? 40 : 220);
            }
        }
        return bgr;
    }

    private static DecodedPicture ByFfmpeg(string path)
    {
        var size = Run("ffprobe", ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", path]);
        var sides = System.Text.Encoding.ASCII.GetString(size).Trim().Split(',');
        return new DecodedPicture(Run("ffmpeg", ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "bgr24", "pipe:1"]),
            int.Parse(sides[0], CultureInfo.InvariantCulture), int.Parse(sides[1], CultureInfo.InvariantCulture));
    }

    /// <summary>A program's standard output; skips the test when there is no such program.</summary>
    public static byte[] Run(string program, IReadOnlyList<string> arguments, byte[]? input = null)
    {
        if (TestProcess.Find(program) is null) Skip.Because($"{program} is not installed.");
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        var feed = Task.Run(() =>
        {
            if (input is not null) process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        });
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        feed.Wait();
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }
}
