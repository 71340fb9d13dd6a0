using System.Diagnostics;
using System.Globalization;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// The whole agent on live RTSP cameras (a real server, a decoder a camera, everything to the broker's acknowledgement), over the lesser of what
/// ffmpeg alone decodes of the same cameras and what ONNX Runtime alone infers. All of it, server included, shares the machine. Rounds alternate, median.
/// </summary>
internal static class RtspBench
{
    private const int Rounds = 3;
    private static readonly TimeSpan Raw = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        List<Figure> figures = [];
        foreach (var model in BenchModel.All()) figures.Add(await MeasureAsync(model, model.Live));
        return figures;
    }

    private static async Task<Figure> MeasureAsync(BenchModel model, int cameras)
    {
        await using var server = await RtspServer.StartAsync(TestProcess.FreePort(), CancellationToken.None, "--cameras", $"{cameras}", "--size", $"{BenchAgent.Width}x{BenchAgent.Height}");
        var settings = new SessionSettings(Threads: 1, AllowGpu: false);
        using var bare = ModelSession.Open(model.Onnx, model.Manifest, settings);
        var ratios = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var raw = Runs(bare);
            var decoded = await DecodeAloneAsync(server, cameras);
            var pipeline = await AgentAsync(server, model, settings, cameras);
            var ratio = pipeline / Math.Min(raw, decoded);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model.Name}: {cameras} RTSP cameras, ffmpeg alone {decoded:0.0} frames/s, bare session {raw:0.0} runs/s, agent {pipeline:0.0} frames/s, {ratio:0.000}"));
            ratios.Add(ratio);
        }
        return Figure.AtLeast($"FPS on {cameras} RTSP cameras / lesser of decoding alone and bare ONNX Runtime, {model.Name}", ratios.Order().ElementAt(Rounds / 2), 0.95, "ffmpeg to null; ONNX Runtime, same model and threads");
    }

    private static double Runs(ModelSession bare)
    {
        var started = Stopwatch.GetTimestamp();
        var count = 0;
        for (; Stopwatch.GetElapsedTime(started) < Raw; count++) bare.Run();
        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Each camera to nowhere, all at once; ffmpeg counts.</summary>
    private static async Task<double> DecodeAloneAsync(RtspServer server, int cameras)
    {
        var rates = await Task.WhenAll(Enumerable.Range(0, cameras).Select(async camera =>
        {
            await using var ffmpeg = TestProcess.Start("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", "-threads", "1", "-rtsp_transport", "tcp", "-progress", "pipe:1", "-stats_period", "0.05",
                "-i", server.Url(camera), "-t", (2 * Settle + Measured).TotalSeconds.ToString(CultureInfo.InvariantCulture), "-an", "-f", "null", "-"]);
            await ffmpeg.WaitForOutputAsync("frame=", Longest);
            await Task.Delay(Settle);
            var (from, started) = (FrameCount(ffmpeg.Output), Stopwatch.GetTimestamp());
            await Task.Delay(Measured);
            return (FrameCount(ffmpeg.Output) - from) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }));
        return rates.Sum();
    }

    private static async Task<double> AgentAsync(RtspServer server, BenchModel model, SessionSettings settings, int cameras)
    {
        await using var agent = await BenchAgent.StartAsync(model, settings, [.. Enumerable.Range(0, cameras).Select(server.Url)]);
        var waiting = Stopwatch.GetTimestamp();
        while (agent.Lanes.Any(lane => lane.Meter.FramesInspected == 0))
        {
            if (Stopwatch.GetElapsedTime(waiting) > Longest) throw new InvalidOperationException("A camera gave no frame.");
            await Task.Delay(20);
        }
        await Task.Delay(Settle);
        var (from, started) = (agent.Inspected, Stopwatch.GetTimestamp());
        await Task.Delay(Measured);
        return (agent.Inspected - from) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static long FrameCount(string output) => long.Parse(output[(output.LastIndexOf("frame=", StringComparison.Ordinal) + "frame=".Length)..].Split('\n')[0], CultureInfo.InvariantCulture);
}
