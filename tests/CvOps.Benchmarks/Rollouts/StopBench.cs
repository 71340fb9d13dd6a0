using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.CrashMatrix.Rollouts;

namespace CvOps.Benchmarks.Rollouts;

/// <summary>
/// How long a rollout goes on after the report that decides against it, with 20,000 inspections a second of other devices through the same broker and fleet:
/// from before the canary publishes its failure to the fleet's word that the stop is written, after which nobody is chosen; and, with a thousand connected
/// canaries, to the arrival of the document that returns each.
/// </summary>
internal static class StopBench
{
    private const int Rate = 20_000;
    private const int Stops = 100;
    private const int Canaries = 1_000;
    private const int Waves = 4;
    private const int Loaders = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var broker = await BenchBroker.StartAsync();
        await using var fleet = await RolloutFleet.StartAsync(broker, Stops + Loaders + (Waves * Canaries));
        await using var devices = await SimulatedDevices.ConnectAsync(broker, fleet.Old);
        await using var load = await SimulatedDevices.ConnectAsync(broker, fleet.Old, listens: false);
        var asked = new ConcurrentDictionary<string, (Topics Topics, TwinDesired Desired)>();
        devices.Answer = (device, topics, desired) =>
        {
            if (desired.Model!.Model == fleet.New) asked[device] = (topics, desired);
            else return devices.TakeOverAsync(topics, desired);
            return Task.CompletedTask;
        };
        using var ends = new CancellationTokenSource();
        var before = (Sent: 0L, At: Stopwatch.GetTimestamp());
        var loading = load.LoadAsync(Rate, Loaders, Stops, ends.Token);
        await Task.Delay(TimeSpan.FromSeconds(2));
        before = (load.Inspections, Stopwatch.GetTimestamp());

        var persisted = new List<double>();
        for (var i = 0; i < Stops; i++)
        {
            var device = RolloutFleet.Device(i);
            var rollout = await fleet.CreateAsync(WaveBench.Plan(fleet, new RolloutRing("canary", Devices: [new DeviceId(device)])) with { Name = $"stop {i}", Everything = false, Target = new Dictionary<string, string> { ["device"] = device } });
            await UntilAsync(() => asked.ContainsKey(device), () => fleet.Output);
            var stopped = fleet.WhenSaidAsync($"Rollout {rollout.Id}: Canary -> Stopping");
            var started = Stopwatch.GetTimestamp();
            await devices.FailAsync(asked[device].Topics, asked[device].Desired);
            persisted.Add(Stopwatch.GetElapsedTime(started, await stopped).TotalMilliseconds);
        }
        var delivered = new List<double>();
        for (var wave = 0; wave < Waves; wave++)
        {
            var first = Stops + Loaders + (wave * Canaries);
            DeviceId[] ids = [.. Enumerable.Range(first, Canaries).Select(number => new DeviceId(RolloutFleet.Device(number)))];
            var rollout = await fleet.CreateAsync(WaveBench.Plan(fleet, new RolloutRing("canary", Devices: ids)) with { Name = $"wave {wave}", Everything = false, Select = $"device in ({string.Join(',', ids)})" });
            await UntilAsync(() => ids.All(id => asked.ContainsKey(id.Value)), () => $"{ids.Count(id => asked.ContainsKey(id.Value))} of {Canaries} canaries were told. {fleet.Output}");
            var started = Stopwatch.GetTimestamp();
            await devices.FailAsync(asked[ids[0].Value].Topics, asked[ids[0].Value].Desired);
            string back = $"{fleet.Old.Digest} {rollout.Id}";
            await UntilAsync(() => ids.All(id => devices.Told[id.Value].Model == back), () => $"{ids.Count(id => devices.Told[id.Value].Model == back)} of {Canaries} canaries got the stop. {fleet.Output}");
            delivered.AddRange(ids.Select(id => Stopwatch.GetElapsedTime(started, devices.Told[id.Value].At).TotalMilliseconds));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wave {wave + 1}: stop at the last of {Canaries} canaries after {delivered.TakeLast(Canaries).Max():0} ms, at half of them after {At(delivered.TakeLast(Canaries), 0.5):0} ms"));
        }
        var rate = (load.Inspections - before.Sent) / Stopwatch.GetElapsedTime(before.At).TotalSeconds;
        await ends.CancelAsync();
        await loading;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rate:0} reports/s beside it; stop written after {At(persisted, 0.5):0} ms (half), {At(persisted, 0.99):0} ms (99 %), {persisted.Max():0} ms (worst of {Stops})"));
        var beside = string.Create(CultureInfo.InvariantCulture, $"limit, beside {rate:0} reports/s");
        return
        [
            Figure.AtMost("deciding failure to stop written, ms, p99", At(persisted, 0.99), 50, beside),
            Figure.AtMost("deciding failure to stop at 1,000 canaries, ms, p99", At(delivered, 0.99), 250, beside),
        ];
    }

    private static double At(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    private static async Task UntilAsync(Func<bool> condition, Func<string> seen)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > Patience) throw new TimeoutException(seen());
            await Task.Delay(5);
        }
    }
}
