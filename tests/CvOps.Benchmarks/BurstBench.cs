using System.Diagnostics;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// Eight cameras whose frames come in bursts, each at its own time, against the same frames put in one after the other as fast as they are taken:
/// what the queue, the turns and the stages lose on irregular input. Offered a little more than the model can do, rounds interleaved, median.
/// </summary>
internal static class BurstBench
{
    private const int Cameras = 8;
    private const int Burst = 6;
    private const int FramesACamera = 240;
    private const int Rounds = 5;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var agent = await BenchAgent.StartAsync(BenchModel.Line(), new SessionSettings(Threads: 1, AllowGpu: false), Cameras);
        var ratios = new List<double>();
        for (var round = -1; round < Rounds; round++)
        {
            var synchronous = Rate(agent, () =>
            {
                for (var i = 0; i < Cameras * FramesACamera; i++) agent.Put(i % Cameras);
            });
            var bursty = Rate(agent, () => Bursts(agent, synchronous));
            Console.WriteLine($"round {round + 1}: synchronous {synchronous:0} frames/s, {Cameras} bursty cameras {bursty:0} frames/s{(round < 0 ? " (warm-up)" : $", {bursty / synchronous:0.000}")}");
            if (round >= 0) ratios.Add(bursty / synchronous);
        }
        return [Figure.AtLeast($"FPS of {Cameras} staggered, bursty cameras / the same load synchronous", ratios.Order().ElementAt(Rounds / 2), 0.95, "one feeder, same frames")];
    }

    private static double Rate(BenchAgent agent, Action feed)
    {
        var started = Stopwatch.GetTimestamp();
        feed();
        agent.Drain();
        return Cameras * FramesACamera / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Each camera on a thread of its own: a burst at once, then the rest of its period nothing, which a network that hiccups looks like.</summary>
    private static void Bursts(BenchAgent agent, double framesPerSecond)
    {
        var period = TimeSpan.FromSeconds(Cameras * Burst / (1.05 * framesPerSecond));
        var started = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, Cameras).Select(camera => new Thread(() =>
        {
            for (var burst = 0; burst < FramesACamera / Burst; burst++)
            {
                var due = period * (burst + camera / (double)Cameras) - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.Zero) Thread.Sleep(due);
                for (var i = 0; i < Burst; i++) agent.Put(camera);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
    }
}
