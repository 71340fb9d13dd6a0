using System.Collections.Concurrent;
using System.Diagnostics;
using CvOps.Contracts.Api;
using CvOps.Testing;

namespace CvOps.CrashMatrix.Rollouts;

/// <summary>
/// The real fleet, with a real broker and simulated devices, killed in every state of a rollout and at random moments of every transition. What the devices
/// were told to do they do while it is away. Afterwards the rollout must end as the same one did that nothing happened to.
/// </summary>
/// <param name="quick">A few states only.</param>
internal sealed class RolloutCrashes(bool quick, int seed = 1)
{
    private const int Lanes = 2;

    // A state that is over in milliseconds is met by one of so many kills.
    private const int Tries = 8;

    private sealed record Trial(RolloutPath Path, RolloutState At, int Ring, string When, double DelayMs);

    private static readonly (RolloutPath Path, RolloutState At, int Ring)[] Waits =
    [
        (RolloutPath.Completes, RolloutState.Draft, 0), (RolloutPath.Completes, RolloutState.Scheduled, 0), (RolloutPath.Completes, RolloutState.Shadowing, 0),
        (RolloutPath.Completes, RolloutState.Canary, 0), (RolloutPath.Completes, RolloutState.Soaking, 0), (RolloutPath.Completes, RolloutState.AwaitingApproval, 1),
        (RolloutPath.Completes, RolloutState.Advancing, 1), (RolloutPath.Completes, RolloutState.Soaking, 1), (RolloutPath.Pauses, RolloutState.Canary, 0),
        (RolloutPath.Pauses, RolloutState.Paused, 0), (RolloutPath.RollsBack, RolloutState.AwaitingApproval, 1), (RolloutPath.RollsBack, RolloutState.RollingBack, 1),
        (RolloutPath.Aborts, RolloutState.AwaitingApproval, 1),
    ];

    private static readonly (RolloutPath Path, RolloutState At, int Ring)[] Ends =
        [(RolloutPath.Completes, RolloutState.Completed, 1), (RolloutPath.RollsBack, RolloutState.RolledBack, 1), (RolloutPath.Aborts, RolloutState.Aborted, 1)];

    /// <param name="told">Each row as it is known, from any thread.</param>
    public async Task<IReadOnlyList<RolloutCrashRow>> RunAsync(Action<RolloutCrashRow> told)
    {
        var trials = Trials();
        var paths = trials.Select(trial => trial.Path).Distinct().ToArray();
        var sites = paths.Length + trials.Count + Tries;
        var calm = new ConcurrentDictionary<RolloutPath, RolloutTrace>();
        var (pathsLeft, left) = (new ConcurrentQueue<RolloutPath>(paths), new ConcurrentQueue<int>(Enumerable.Range(0, trials.Count)));
        var rows = new RolloutCrashRow[trials.Count];
        using var calmed = new CountdownEvent(paths.Length);
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            await using var lane = await Lane.StartAsync(sites);
            while (pathsLeft.TryDequeue(out var path))
            {
                calm[path] = await lane.CalmAsync(path);
                calmed.Signal();
            }
            if (!calmed.Wait(TimeSpan.FromMinutes(2))) throw new TimeoutException("A rollout that nothing happens to does not end.");
            while (left.TryDequeue(out var i)) told(rows[i] = await lane.RowAsync(trials[i], calm[trials[i].Path]));
        })));
        return rows;
    }

    private List<Trial> Trials()
    {
        if (quick) return [new(RolloutPath.Completes, RolloutState.Canary, 0, "in", 0), new(RolloutPath.Completes, RolloutState.AwaitingApproval, 1, "leaving", 20)];
        var chance = new Random(seed);
        List<Trial> trials = [.. Waits.Select(wait => new Trial(wait.Path, wait.At, wait.Ring, "in", 0)), new(RolloutPath.RollsBack, RolloutState.Stopping, 1, "in", 0),
            .. Ends.Select(end => new Trial(end.Path, end.At, end.Ring, "in", 0))];
        foreach (var (path, at, ring) in Waits)
        {
            trials.Add(new Trial(path, at, ring, "written", 0));
            // The clock looks once a second; whatever else leads on is judged at once.
            trials.Add(new Trial(path, at, ring, "leaving", chance.NextDouble() * (at == RolloutState.Scheduled ? 5000 : 200)));
        }
        return [.. trials.OrderBy(trial => Array.FindIndex(Waits, wait => wait.At == trial.At) is var place and >= 0 ? place : Waits.Length)];
    }

    /// <summary>One fleet after the other on one folder, for one rollout after the other.</summary>
    private sealed class Lane(TestBroker broker, RolloutFleet fleet, SimulatedDevices devices, int sites) : IAsyncDisposable
    {
        private int _site;

        public static async Task<Lane> StartAsync(int sites)
        {
            var broker = await TestBroker.StartAsync("max_queued_messages 0");
            var fleet = await RolloutFleet.StartAsync(broker, RolloutStory.Devices * sites, sites);
            return new Lane(broker, fleet, await SimulatedDevices.ConnectAsync(broker, fleet.Old), sites);
        }

        public async Task<RolloutTrace> CalmAsync(RolloutPath path)
        {
            var story = new RolloutStory(fleet, devices, sites, _site++, path, null);
            await story.ReachAsync();
            return await RolloutTrace.OfAsync(fleet, devices, story, null);
        }

        public async Task<RolloutCrashRow> RowAsync(Trial trial, RolloutTrace calm)
        {
            if (trial.At != RolloutState.Stopping) return await KillAsync(trial, calm);
            // Whoever wants to meet it must ask for it, and kill a moment later.
            RolloutCrashRow? row = null;
            for (var i = 0; i < Tries && row is not { Before: RolloutState.Stopping } && row?.Trouble is null; i++)
                row = await KillAsync(new Trial(trial.Path, RolloutState.AwaitingApproval, 1, "leaving", 4 * (i + 1)), calm);
            return row! with { At = RolloutState.Stopping, When = "in", Trouble = row.Trouble ?? (row.Before == RolloutState.Stopping ? null : $"no kill met it in {Tries} tries") };
        }

        public async ValueTask DisposeAsync()
        {
            await devices.DisposeAsync();
            await fleet.DisposeAsync();
            await broker.DisposeAsync();
        }

        private async Task<RolloutCrashRow> KillAsync(Trial trial, RolloutTrace calm)
        {
            var story = new RolloutStory(fleet, devices, sites, _site++, trial.Path, (trial.At, trial.Ring));
            try
            {
                return await KillAsync(trial, calm, story);
            }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException)
            {
                await fleet.KillAsync();
                await fleet.StartAsync();
                return new RolloutCrashRow(trial.At, trial.When, trial.At, trial.At, null, 0, 0, 0, 0, false, 0, e.Message);
            }
        }

        private async Task<RolloutCrashRow> KillAsync(Trial trial, RolloutTrace calm, RolloutStory story)
        {
            var held = await story.ReachAsync();
            if (trial.When != "in")
            {
                story.Release(held);
                if (trial.When == "written") await fleet.SaysAsync($"Rollout {story.Id}: {trial.At} -> ", held.History.Count(step => step.From == trial.At) + 1);
                else await Task.Delay(TimeSpan.FromMilliseconds(trial.DelayMs));
            }
            await fleet.KillAsync();
            var killed = DateTimeOffset.UtcNow;
            // Nobody is asked anything: the fleet is away.
            story.Release(held with { State = RolloutState.Completed });
            await Task.Delay(100);
            var clock = Stopwatch.StartNew();
            var launched = DateTimeOffset.UtcNow;
            fleet.Launch();
            var (first, firstMs, unheld) = ((RolloutView?)null, 0.0, 0L);
            var end = await story.FinishAsync(view => (first, firstMs, unheld) = (view, clock.Elapsed.TotalMilliseconds, RolloutTrace.UnheldIn(fleet, story.Id)));
            var trace = await RolloutTrace.OfAsync(fleet, devices, story, calm);
            var before = end.History.LastOrDefault(step => step.At <= killed)?.To ?? RolloutState.Draft;
            var decided = end.History.FirstOrDefault(step => step.At > killed) is { } next ? (next.At - launched).TotalMilliseconds : firstMs;
            return RolloutCrashRow.Of(trial.At, trial.When, before, first!.State, end.State, trace, calm, unheld, decided);
        }
    }
}
