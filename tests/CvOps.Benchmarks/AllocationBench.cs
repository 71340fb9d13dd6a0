using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>Managed bytes a frame in the steady state, counted exactly over 10,000 frames, of the frame path alone and of the whole process with its link.</summary>
internal static class AllocationBench
{
    private const int Frames = 10_000;
    private const int WarmUp = 2_000;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var (path, _) = await MeasureAsync(Reach.FramePath);
        var (disk, _) = await MeasureAsync(Reach.Disk);
        var (process, collections) = await MeasureAsync(Reach.Broker);
        Console.WriteLine($"bytes a frame: frame path {path:0.0}, with its report on disk {disk:0.0}, acknowledged by the broker {process:0.0}");
        return
        [
            Figure.AtMost("managed bytes a frame, frame path", path, 0.5, "10,000 frames"),
            Figure.AtMost("managed bytes a frame, whole process with spool and MQTT", process, 64, "10,000 frames, QoS 1 to mosquitto"),
            Figure.AtMost("gen-0 collections in 10,000 frames", collections, 0, "whole process"),
        ];
    }

    private static async Task<(double Bytes, int Collections)> MeasureAsync(Reach reach)
    {
        await using var agent = await BenchAgent.StartAsync(BenchModel.Line(), new SessionSettings(Threads: 1, AllowGpu: false), reach: reach);
        Feed(agent, WarmUp);
        var (bytes, collections) = (GC.GetTotalAllocatedBytes(precise: true), GC.CollectionCount(0));
        Feed(agent, Frames);
        return ((GC.GetTotalAllocatedBytes(precise: true) - bytes) / (double)Frames, GC.CollectionCount(0) - collections);
    }

    private static void Feed(BenchAgent agent, int frames)
    {
        for (var i = 0; i < frames; i++) agent.Put();
        agent.Drain();
    }
}
