using CvOps.CrashMatrix;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>Messages of a device that is killed 200 times and loses its power 50 times, from its spool through mosquitto into the fleet's tables.</summary>
internal static class CrashBench
{
    private const int Kills = 200;
    private const int Cuts = 50;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        if (UnkindDisk.Missing is { } missing) throw new InvalidOperationException(missing);
        var count = await new TelemetryCrashes(new Random(1), Console.WriteLine).RunAsync(Kills, Cuts, CancellationToken.None);
        Console.WriteLine($"{count.Confirmed} messages confirmed by the spool, {count.Applied} applied by the fleet, {count.Recognised} repetitions recognised");
        return
        [
            Figure.AtMost($"QoS 1 messages lost over {Kills} kill -9 and {Cuts} power cuts", count.Lost, 0, $"{count.Confirmed} that the spool confirmed"),
            Figure.AtMost("duplicates after the fleet's ingest", count.Doubled, 0, $"{count.Recognised} repetitions on the way"),
        ];
    }
}
