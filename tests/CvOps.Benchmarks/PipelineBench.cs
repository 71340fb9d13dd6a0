using System.Diagnostics;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// Frames a second of the agent's whole path from a decoded frame on (preprocess, run, decode, statistics, sampling, drift windows, spool on
/// disk, QoS 1 to a broker on loopback) over runs a second of the bare session: same model, same thread count, rounds interleaved, median.
/// </summary>
internal static class PipelineBench
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);
    private const int Rounds = 7;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        List<Figure> figures = [];
        foreach (var model in BenchModel.All()) figures.Add(await MeasureAsync(model));
        return figures;
    }

    private static async Task<Figure> MeasureAsync(BenchModel model)
    {
        var settings = new SessionSettings(Threads: 1, AllowGpu: false);
        using var bare = ModelSession.Open(model.Onnx, model.Manifest, settings);
        await using var agent = await BenchAgent.StartAsync(model, settings);
        var ratios = new List<double>();
        for (var round = -1; round < Rounds; round++)
        {
            var raw = Rate(bare.Run, () => { });
            var pipeline = Rate(() => agent.Put(), agent.Drain);
            Console.WriteLine($"{model.Name}: round {round + 1}, bare session {raw:0.0} runs/s, agent {pipeline:0.0} frames/s{(round < 0 ? " (warm-up)" : $", {pipeline / raw:0.000}")}");
            if (round >= 0) ratios.Add(pipeline / raw);
        }
        return Figure.AtLeast($"pipeline FPS / bare ONNX Runtime FPS, {model.Name}", ratios.Order().ElementAt(Rounds / 2), model.PipelineBound, "ONNX Runtime, same model and threads");
    }

    /// <summary>Acts a second, until the last one is through.</summary>
    private static double Rate(Action act, Action drain)
    {
        var started = Stopwatch.GetTimestamp();
        var count = 0;
        for (; Stopwatch.GetElapsedTime(started) < Round; count++) act();
        drain();
        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
