using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.CrashMatrix;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Benchmarks;

/// <summary>
/// Messages a second that the spool makes durable, over a bare program that writes the same bytes to one file in as many groups, each with its own
/// fdatasync: same folder, rounds interleaved, median. Once with more messages than the disk can take, once with 64 callers that each wait for theirs.
/// And managed bytes of append and drain, counted over the whole process.
/// </summary>
internal static class SpoolBench
{
    private const int Rounds = 11;
    private const int Flood = 200_000;
    private const int PayloadBytes = 600; // an inspection with two detections and its times
    private const int Callers = 64;
    private const int EachCaller = 150;
    private const int Counted = 10_000;
    private const int AtOnce = 50;

    private static readonly DeviceId Device = new("bench");
    private static readonly Topics Own = new(new SiteId("bench"), Device);
    private static readonly string Topic = Own.Inspection(new CameraId("cam"));

    private static readonly Action<Utf8JsonWriter, InspectionReport> Write = InspectionWriter.Write;

    private static readonly InspectionReport Report = new()
    {
        Origin = OriginStamp.None, Camera = new CameraId("cam"), Frame = 123_456, Connection = 1, CapturedAt = DateTimeOffset.UnixEpoch, TimeSource = TimeSource.Host, TimeUncertaintyMs = 1.5,
        Model = new ModelRef("line", "1.2.0", new string('a', 64)), Timings = new FrameTimings(0.5, 1.25, 8.75, 0.125),
        Prediction = new Prediction { Class = "good", Confidence = 0.93, Margin = 0.9, Entropy = 0.1, Detections = [new Detection("cap", 0.9, 10, 20, 30, 40), new Detection("label", 0.8, 50, 60, 70, 80)] },
    };

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var flood = await RatioAsync("as many as the disk takes", FloodAsync);
        var callers = await RatioAsync($"{Callers} callers that wait", CallersAsync);
        var bytes = await AllocatedAsync();
        return
        [
            Figure.AtLeast("spool append / raw write + fdatasync, groups as large as they get", flood, 0.5, "one file, the same bytes in as many groups"),
            Figure.AtLeast($"spool append / raw write + fdatasync, {Callers} waiting callers", callers, 0.5, "one file, the same bytes in as many groups"),
            Figure.AtMost("managed bytes a message, append and drain", bytes / (double)Counted, 0, $"{Counted} inspections, whole process; least of five rounds"),
        ];
    }

    private static async Task<double> RatioAsync(string name, Func<SpoolLog, Task<int>> append)
    {
        using var folder = new TestFolder();
        var ratios = new List<double>();
        for (var round = -1; round < Rounds; round++)
        {
            var spoolFolder = folder[$"spool-{round}"];
            int messages;
            double seconds;
            long groups, bytes;
            await using (var spool = new SpoolLog(spoolFolder, Device, 1L << 30, TimeProvider.System, NullLogger<SpoolLog>.Instance))
            {
                var started = Stopwatch.GetTimestamp();
                messages = await append(spool);
                seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                (groups, bytes) = (spool.Groups, spool.Health.WaitingBytes);
            }
            Settle(folder.Path);
            var raw = Raw(folder[$"raw-{round}"], groups, bytes);
            Directory.Delete(spoolFolder, recursive: true);
            File.Delete(folder[$"raw-{round}"]);
            Settle(folder.Path);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name}, round {round + 1}: {messages} messages in {groups} groups of {bytes / groups} bytes: spool {messages / seconds:0}/s, raw {messages / raw:0}/s, {raw / seconds:0.000}{(round < 0 ? " (warm-up)" : "")}"));
            if (round >= 0) ratios.Add(raw / seconds);
        }
        return ratios.Order().ElementAt(Rounds / 2);
    }

    private static async Task<int> FloodAsync(SpoolLog spool)
    {
        var payload = new byte[PayloadBytes];
        for (var index = 1; index < Flood; index++) await spool.EnqueueAsync(Topic, _ => payload, CancellationToken.None);
        await spool.AppendAsync(Topic, _ => payload, CancellationToken.None);
        return Flood;
    }

    private static async Task<int> CallersAsync(SpoolLog spool)
    {
        var payload = new byte[PayloadBytes];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            for (var index = 0; index < EachCaller; index++) await spool.AppendAsync(Topic, _ => payload, CancellationToken.None);
        }));
        return Callers * EachCaller;
    }

    /// <summary>What the file system still owes for files that are gone is paid before the next clock starts.</summary>
    private static void Settle(string folder)
    {
        using var file = File.OpenHandle(Path.Combine(folder, "settled"), FileMode.Create, FileAccess.Write);
        RandomAccess.Write(file, new byte[1], 0);
        DurableFile.Sync(file);
        DurableFile.SyncFolder(folder);
    }

    /// <returns>Seconds.</returns>
    private static double Raw(string path, long groups, long bytes)
    {
        var group = new byte[bytes / groups];
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var started = Stopwatch.GetTimestamp();
        for (var index = 0L; index < groups; index++)
        {
            RandomAccess.Write(file, group, index * group.Length);
            DurableFile.Sync(file);
        }
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Append, group commit, read, send and acknowledge, with a far side that takes everything at once. The clock stands: once a second the cursor's file is written, and that is not counted.</summary>
    private static async Task<long> AllocatedAsync()
    {
        using var folder = new TestFolder();
        await using var spool = new SpoolLog(folder.Path, Device, 1L << 30, new ManualTime(), NullLogger<SpoolLog>.Instance);
        var link = new WillingLink();
        using var uplink = new UplinkLoop(spool, link, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(CancellationToken.None);
        var least = long.MaxValue;
        for (var round = 0; round < 6; round++)
        {
            var (bytes, until) = (GC.GetTotalAllocatedBytes(precise: true), link.Taken + Counted);
            for (var index = 0; index < Counted; index++)
            {
                spool.Append(Topic, Report, Write);
                // As fast as the disk, and not faster: what waits for a disk that stands still is no steady state.
                if (index % AtOnce == AtOnce - 1) while (link.Taken < until - Counted + index + 1) Thread.Sleep(0);
            }
            bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
            Console.WriteLine($"append and drain, round {round}: {bytes} managed bytes for {Counted} messages{(round == 0 ? " (warm-up)" : "")}");
            if (round > 0) least = Math.Min(least, bytes);
        }
        await uplink.StopAsync(CancellationToken.None);
        return least;
    }
}
