using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.CrashMatrix.Rollouts;

namespace CvOps.Benchmarks.Rollouts;

/// <summary>
/// A rollout over 100,000 simulated devices, from the plan to the last ring's end, through the real fleet and mosquitto; once undisturbed, for its time and
/// its messages, and once with the fleet killed ten times, for what is lost or told twice. All devices share one connection to the broker; each is given a
/// document of its own and answers it.
/// </summary>
internal static class WaveBench
{
    private const int Devices = 100_000;
    private const int Kills = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var calm = await RunAsync(kills: 0);
        var killed = await RunAsync(Kills);
        return
        [
            Figure.AtMost("100,000 devices over one connection, from plan to completed, seconds", calm.Seconds, 60, "limit"),
            Figure.AtMost("messages that a device got, at most; fleet not killed", calm.MostMessages, 4, "limit"),
            Figure.AtMost("devices without the model, fleet killed 10 times", killed.Lost, 0, "limit"),
            Figure.AtMost("devices told twice by two documents, fleet killed 10 times", killed.Twice, 0, "limit"),
            Figure.AtMost("messages that a device got, at most; fleet killed 10 times", killed.MostMessages, 4, "limit"),
        ];
    }

    public static RolloutPlan Plan(RolloutFleet fleet, params RolloutRing[] rings) => new()
    {
        Name = "wave", Model = fleet.New.Digest, Everything = true, Rings = rings, Strata = [], Soak = new Soak(0, 100, 3600), Guardrails = new Guardrails { NonInferiorityMargin = 0.1, FailedUpdates = 0 },
    };

    private sealed record Outcome(double Seconds, int Lost, int Twice, int MostMessages);

    private static async Task<Outcome> RunAsync(int kills)
    {
        await using var broker = await BenchBroker.StartAsync();
        await using var fleet = await RolloutFleet.StartAsync(broker, Devices);
        await using var devices = await SimulatedDevices.ConnectAsync(broker, fleet.Old);
        devices.Answer = async (device, topics, desired) =>
        {
            if (desired.Model is not { } model) return;
            await devices.TakeOverAsync(topics, desired);
            if (model.CompareWithPrevious) await devices.InspectAsync(device, topics, fleet.New, 3);
        };
        var clock = Stopwatch.StartNew();
        var view = await fleet.CreateAsync(Plan(fleet, new RolloutRing("canary", Count: 100), new RolloutRing("tenth", Count: 10_000), new RolloutRing("rest", Percent: 100)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"planned after {clock.Elapsed.TotalSeconds:0.0} s"));
        var (chance, killed, shown) = (new Random(7), 0, 0);
        var next = TimeSpan.FromSeconds(1 + (3 * chance.NextDouble()));
        while (view.State is not (RolloutState.Completed or RolloutState.Paused or RolloutState.RolledBack))
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"{view.State}: {view.Reason}. {fleet.Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(250));
            if (killed < kills && clock.Elapsed > next)
            {
                await fleet.KillAsync();
                await fleet.StartAsync();
                killed++;
                next = clock.Elapsed + TimeSpan.FromSeconds(0.5 + (3 * chance.NextDouble()));
            }
            view = await fleet.LookAsync(view.Id);
            foreach (var step in view.History.Skip(shown)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:0.0} s {step.From} -> {step.To}, {fleet.Cpu:0.0} s of CPU"));
            shown = view.History.Count;
        }
        var seconds = clock.Elapsed.TotalSeconds;
        var told = devices.Told.Values.ToArray();
        var outcome = new Outcome(seconds, Devices - fleet.Ask<int>("SELECT count(*) FROM rollout_device WHERE state = 'Running'"), told.Count(device => device.Assignments > 1), told.Max(device => device.Messages));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{view.State} after {seconds:0.0} s, killed {killed} times: {outcome.Lost} without the model, {outcome.Twice} told twice, at most {outcome.MostMessages} messages a device, {told.Average(device => device.Messages):0.00} on average"));
        return outcome;
    }
}
