using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.CrashMatrix.Rollouts;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Benchmarks.Rollouts;

/// <summary>
/// The fleet killed in the middle of a wave over 100,000 devices. A device fails while it is away; the clock runs from its start to the word that the stop
/// is written. Then every report that the broker had taken must be counted, and the evidence must have the bits of the same counts in one go.
/// </summary>
internal static class ResumeBench
{
    private const int Devices = 100_000;
    private const int Inspecting = 100;
    private const int Parts = 50;
    private const int Rounds = 3;
    private const string TwinsFilled = " twins are in memory after ";

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var (seconds, filled, lost, unlike) = (new List<double>(), new List<double>(), 0L, 0);
        for (var round = 0; round < Rounds; round++)
        {
            await using var broker = await BenchBroker.StartAsync();
            await using var fleet = await RolloutFleet.StartAsync(broker, Devices);
            await using var devices = await SimulatedDevices.ConnectAsync(broker, fleet.Old);
            (Topics Topics, CvOps.Contracts.Twin.TwinDesired Desired)? last = null;
            var taken = 0;
            devices.Answer = async (device, topics, desired) =>
            {
                last = (topics, desired);
                if (Interlocked.Increment(ref taken) % 100 != 0) await devices.TakeOverAsync(topics, desired);
            };
            var plan = WaveBench.Plan(fleet, new RolloutRing("all", Percent: 100));
            var rollout = await fleet.CreateAsync(plan);
            while (taken < Devices / 10) await Task.Delay(10);
            string[] inspecting = [.. devices.Told.Keys.Take(Inspecting)];
            var reporting = Task.WhenAll(inspecting.Select(device => devices.InspectAsync(device, new Topics(new SiteId("site-0"), new DeviceId(device)), fleet.New, Parts)));
            while (devices.Inspections < Inspecting * Parts / 2) await Task.Delay(1);
            await fleet.KillAsync();
            await reporting;
            await devices.FailAsync(last!.Value.Topics, last.Value.Desired);
            var clock = Stopwatch.StartNew();
            fleet.Launch();
            await fleet.SaysAsync($"Rollout {rollout.Id}: Canary -> Stopping");
            seconds.Add(clock.Elapsed.TotalSeconds);
            while (fleet.Ask<long>("SELECT sum(inspections) FROM devices") < devices.Inspections && clock.Elapsed < TimeSpan.FromSeconds(30)) await Task.Delay(50);
            filled.Add(await FilledAsync(fleet));
            lost += devices.Inspections - fleet.Ask<long>("SELECT sum(inspections) FROM devices");
            var seen = (await fleet.ReadAsync(rollout.Id)).Evidence;
            var counts = new ArmCounts([(ArmCounter.Parts, devices.Inspections), (ArmCounter.Pairs, devices.Inspections),
                (ArmCounter.PairedChallengerConfidence, devices.Inspections * ArmCounts.Fixed(0.9)), (ArmCounter.PairedChampionConfidence, devices.Inspections * ArmCounts.Fixed(0.9))]);
            var whole = RolloutEvidenceOf.Sums(plan, new RolloutSums(new Dictionary<(int, string), ArmCounts[]> { [(0, "")] = [default, counts, default] }), []);
            if (Bits(seen) != Bits(whole)) unlike++;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: {taken} devices told, deciding after {seconds[^1]:0.00} s, twins filled in {filled[^1]:0.00} s beside it, {devices.Inspections} reports, {seen.Parts} counted, evidence {seen.PromoteEvidence:R} and {whole.PromoteEvidence:R}"));
        }
        return
        [
            Figure.AtMost("kill -9 amid 100,000 devices to the next decision, s", seconds.Max(), 3, "limit"),
            Figure.AtMost("100,000 twins filled after that start, beside its work, s", filled.Max(), 3, "limit"),
            Figure.AtMost("acknowledged reports lost over the kill", lost, 0, "limit"),
            Figure.AtMost("rounds whose e-values differ in a bit", unlike, 0, "the same counts in one go"),
        ];
    }

    /// <summary>As the fleet itself says, from the moment on when it began to read.</summary>
    private static async Task<double> FilledAsync(RolloutFleet fleet)
    {
        await fleet.SaysAsync(TwinsFilled);
        var after = fleet.Output.AsSpan(fleet.Output.IndexOf(TwinsFilled, StringComparison.Ordinal) + TwinsFilled.Length);
        return TimeSpan.Parse(after[..after.IndexOfAny('\r', '\n')], CultureInfo.InvariantCulture).TotalSeconds;
    }

    private static (long, long, long, long, long) Bits(RolloutEvidence evidence) => (evidence.Parts, evidence.Pairs, BitConverter.DoubleToInt64Bits(evidence.StopEvidence),
        BitConverter.DoubleToInt64Bits(evidence.PromoteEvidence), BitConverter.DoubleToInt64Bits(evidence.ErrorEvidence));
}
