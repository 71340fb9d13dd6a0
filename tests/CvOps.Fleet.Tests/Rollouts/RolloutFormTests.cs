using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Testing;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>Rollouts that were stored before their devices and counts were rows.</summary>
public sealed class RolloutFormTests
{
    [Fact]
    public async Task A_record_that_has_its_devices_and_counts_in_it_becomes_rows_when_the_fleet_starts_and_the_rollout_goes_on()
    {
        await using var line = await RolloutLine.StartAsync(3);
        var canary = line.Devices[0];
        await line.CreateAsync(line.Plan(new RolloutRing("canary", Devices: [canary.Id]), new RolloutRing("rest", Percent: 100)));
        await line.TakeOverAsync(canary);
        await line.UntilAsync(RolloutState.Soaking);
        await line.Fleet.StopFleetAsync();
        var grains = Path.Combine(line.Fleet.Options.Data, "grains.db");
        Skip.Unless(File.Exists(grains), "The grains are not kept in SQLite here.");
        PutBack(grains, Path.Combine(line.Fleet.Options.Data, "fleet.db"), (await File.ReadAllTextAsync(TestData.InRepository("tests", "data", "rollouts", "form-1.json"), TestContext.Current.CancellationToken))
            .Replace("@old", line.Old.Digest, StringComparison.Ordinal).Replace("@new", line.New.Digest, StringComparison.Ordinal).Trim());

        await line.Fleet.StartFleetAsync();
        var list = await line.Fleet.Http.GetFromJsonAsync("rollouts", ContractsJson.Default.RolloutViewArray, TestContext.Current.CancellationToken);
        Assert.Equal("rollout-1", Assert.Single(list!).Id);
        var moved = await line.ReadAsync();
        Assert.Equal((RolloutState.Soaking, 0, 2), (moved.State, moved.Ring, moved.History.Count));
        Assert.Equal(
            [("line-1", 0, RolloutDeviceState.Running, 30L), ("line-2", 1, RolloutDeviceState.Waiting, 0L), ("line-3", 1, RolloutDeviceState.Waiting, 0L)],
            moved.Devices.Select(device => (device.Device.Value, device.Ring, device.State, device.Parts)));
        Assert.All(moved.Devices, device => Assert.Equal(line.Old.Digest, device.Previous!.Digest));
        var evidence = moved.Evidence;
        Assert.Equal((30, 29, 4, 1), (evidence.Parts, evidence.Pairs, evidence.Discordant, evidence.Errors));
        Assert.Equal((2, 1, 0), (evidence.ChallengerRight, evidence.ChampionRight, evidence.NeitherRight));
        Assert.Equal((0.9, 0.8), (Math.Round(evidence.ChallengerConfidence, 6), Math.Round(evidence.ChampionConfidence, 6)));
        Assert.Equal([12, 30], evidence.Curve.Take(2).Select(point => point.Parts));

        // Once: the next start finds rows, and what is counted goes on from them.
        await line.Fleet.RestartFleetAsync();
        await line.InspectAsync(canary, 20);
        var on = await line.UntilAsync(view => view.Evidence.Parts == 50, "50 parts");
        Assert.Equal((3, 49), (on.Devices.Count, on.Evidence.Pairs));
        var sums = (await line.Fleet.Services.GetRequiredService<RolloutStore>().StandAsync("rollout-1")).Sums;
        Assert.Equal(50, sums.Of(0, Arms.Challenger)[ArmCounter.Parts]);
        // A frame that was judged before is not judged again.
        await line.JudgeAsync(canary, "f0", "ok", "scratch", truth: "scratch");
        await line.JudgeAsync(canary, "f3", "ok", "scratch", truth: "scratch");
        var judged = await line.UntilAsync(view => view.Evidence.ChampionRight > 1, "one more judged frame");
        Assert.Equal((2, 2), (judged.Evidence.ChallengerRight, judged.Evidence.ChampionRight));
    }

    /// <summary>Puts the stored rollout where the fleet of then had it, and takes away what only the fleet of today has.</summary>
    private static void PutBack(string grains, string fleet, string record)
    {
        using (var state = new SqliteConnection($"Data Source={grains};Pooling=False"))
        {
            Assert.Equal(1, state.Execute("UPDATE grain_state SET payload = CAST(@record AS BLOB) WHERE state_name = 'rollout'", new { record }));
            const string Index = """{"Form":1,"Created":1,"Rollouts":[{"Id":"rollout-1","Name":"second","Model":"-","Running":true,"Devices":{"line-1":null,"line-2":null,"line-3":null}}]}""";
            state.Execute("INSERT OR REPLACE INTO grain_state SELECT storage, 'rolloutindex', 'all', 'rollouts', 1, CAST(@Index AS BLOB) FROM grain_state WHERE state_name = 'rollout'", new { Index });
        }
        using var rows = new SqliteConnection($"Data Source={fleet};Pooling=False");
        foreach (var table in (string[])["rollout", "rollout_device", "rollout_tally", "rollout_count", "rollout_sum", "rollout_judged"]) rows.Execute($"DELETE FROM {table}");
    }
}
