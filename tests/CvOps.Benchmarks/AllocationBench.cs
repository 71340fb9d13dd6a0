using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>Managed bytes a frame in the steady state, counted exactly over 10,000 frames, of the frame path alone and of the whole process with its link.</summary>
internal static class AllocationBench
{
    private const int Frames = 10_000;
    private const int WarmUp = 2_000;
    private const int PathThreads = 3;
    private const int Rounds = 3;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var (path, threads) = await PathAsync();
        var (disk, _) = await MeasureAsync(Reach.Disk);
        var (process, collections) = await MeasureAsync(Reach.Broker);
        Console.WriteLine($"bytes a frame: the {threads} threads of the frame path {path:0.0}, the process with its report on disk {disk:0.0}, acknowledged by the broker {process:0.0}");
        return
        [
            Figure.AtMost("managed bytes a frame, frame path", path, 0, "10,000 frames, all threads of the path; least of three rounds"),
            Figure.AtMost("managed bytes a frame, whole process with spool and MQTT", process, 64, "10,000 frames, QoS 1 to mosquitto"),
            Figure.AtMost("gen-0 collections in 10,000 frames", collections, 0, "whole process"),
        ];
    }

    /// <summary>The threads that prepare, run and finish, and the one that puts frames in.</summary>
    private static async Task<(double Bytes, int Threads)> PathAsync()
    {
        using var counted = new ThreadAllocations();
        await using var agent = await BenchAgent.StartAsync(BenchModel.Line(), new SessionSettings(Threads: 1, AllowGpu: false), reach: Reach.FramePath, time: counted);
        Feed(agent, WarmUp);
        var (least, seen) = (long.MaxValue, 0);
        for (var round = 0; round < Rounds; round++)
        {
            counted.Begin();
            Feed(agent, Frames);
            var (bytes, threads) = counted.Of(Frames - 1);
            // A lock makes itself an event the first time two threads meet at it: once in a process, not once a frame.
            (least, seen) = (Math.Min(least, bytes), threads);
        }
        return seen >= PathThreads ? (least / (double)Frames, seen) : throw new InvalidOperationException($"Only {seen} threads were seen on the frame path.");
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
