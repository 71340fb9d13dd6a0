using System.Net;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Rollouts.Flight;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RolloutFlightTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 2, 0, 0, 0, TimeSpan.Zero);

    private static readonly RolloutPlan Plan = Plans.Of(new("canary", Count: 4), new("rest", Percent: 100)) with { Soak = new Soak(3600, 500, 86_400) };

    private static readonly Candidate[] Fleet = [.. Enumerable.Range(1, 20).Select(i => Plans.Device($"d{i}", $"site-{i % 2}"))];

    private const string Challenger = "young";

    /// <summary>A part a minute on each device, failing and rejecting now and then.</summary>
    private static FlightHistory History(double hours, double errors = 0.002, Func<string, int, RecordedPart, RecordedPart>? change = null)
    {
        var builder = new FlightHistoryBuilder(RolloutFlight.StepOf(Plan));
        foreach (var device in Fleet.Select(device => device.Id.Value))
        {
            var chance = new Random(int.Parse(device[1..], System.Globalization.CultureInfo.InvariantCulture));
            for (var minute = 0; minute < (int)(hours * 60); minute++)
            {
                var part = new RecordedPart("old", "ok", 0.9, chance.NextDouble() < errors ? "broken" : null, chance.NextDouble() < 0.05 ? 1 : 0, chance.Next(9_000, 10_050), null, null, null, null);
                builder.Add(device, Start.AddMinutes(minute), (change?.Invoke(device, minute, part) ?? part).Count(Challenger, 10_000, builder.Seen));
            }
        }
        return builder.Build(TimeSpan.FromSeconds(5));
    }

    private static FlightOutcome Fly(RolloutPlan plan, FlightHistory history, FlightChallenger challenger, int seed = 1, long bytes = 0) =>
        new RolloutFlight(plan, RingPlanner.Assign(plan, Fleet, []).Devices, Fleet.ToDictionary(device => device.Id), history, challenger, new Dictionary<string, SiteShifts>(), bytes, seed).Fly();

    [Fact]
    public void A_champion_against_itself_comes_through_and_the_same_flight_twice_is_the_same()
    {
        var history = History(48, errors: 0);
        var outcome = Fly(Plan, history, FlightChallenger.Champion);
        Assert.True(outcome.End == FlightEnd.Completed, outcome.Reason);
        Assert.Equal(20, outcome.Touched);
        Assert.True(outcome.Hours >= 2);
        Assert.Equal(JsonSerializer.Serialize(outcome, ContractsJson.Default.FlightOutcome), JsonSerializer.Serialize(Fly(Plan, history, FlightChallenger.Champion), ContractsJson.Default.FlightOutcome));
    }

    [Fact]
    public void A_challenger_that_fails_on_a_tenth_of_the_parts_is_stopped_in_the_first_ring()
    {
        var outcome = Fly(Plan, History(48), new FlightChallenger(0.1, 0, false));
        Assert.True(outcome.End == FlightEnd.Stopped, outcome.Reason);
        Assert.Equal(4, outcome.Touched);
        Assert.InRange(outcome.Parts, 20, 2000);
        // A tenth is no fifth: that rule never stops it.
        Assert.Equal(0, outcome.Rivals.Single(rival => rival.Rule == FlightRivals.Threshold).Stops);
    }

    [Fact]
    public void A_challenger_that_rejects_more_waits_for_a_person_as_it_would()
    {
        var outcome = Fly(Plan, History(48), new FlightChallenger(0, 0.3, false));
        Assert.True(outcome.End == FlightEnd.Paused, outcome.Reason);
        Assert.Contains("times as many parts; a person has to say", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(4, outcome.Touched);
        // And one that a person lets go on, by a plan without shifts, is stopped.
        var bold = Plan with { Guardrails = Plan.Guardrails with { Rejects = new MetricGuard(2, GuardAction.Stop) } };
        outcome = Fly(bold, History(48), new FlightChallenger(0, 0.3, false));
        Assert.True(outcome.End == FlightEnd.Stopped, outcome.Reason);
        Assert.Contains("rejects", outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_challenger_that_was_slow_where_it_was_recorded_in_charge_is_stopped_by_its_latency()
    {
        var outcome = Fly(Plan, History(48, errors: 0, (_, _, part) => part with { Model = Challenger, LatencyUs = 30_000, ShadowModel = "old", ShadowClass = part.Class, ShadowRejects = part.Rejects, ShadowConfidence = 0.9 }),
            new FlightChallenger(0, 0, true));
        // The champion's time beside it was not recorded, so there is nothing to be slower than.
        Assert.NotEqual(FlightEnd.Stopped, outcome.End);
        var canaries = RingPlanner.Assign(Plan, Fleet, []).Devices.Where(device => device.Ring == 0).Select(device => device.Device.Value).ToHashSet();
        outcome = Fly(Plan, History(48, errors: 0, (device, minute, part) => canaries.Contains(device) && minute > 20 ? part with { Model = Challenger, LatencyUs = 30_000 } : part), new FlightChallenger(0, 0, true));
        Assert.True(outcome.End == FlightEnd.Stopped, outcome.Reason);
        Assert.Contains("slow", outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Restarts_of_the_time_in_charge_are_the_challengers()
    {
        var canaries = RingPlanner.Assign(Plan, Fleet, []).Devices.Where(device => device.Ring == 0).Select(device => device.Device.Value).ToHashSet();
        var builder = new FlightHistoryBuilder(RolloutFlight.StepOf(Plan));
        var restart = default(FlightCounts);
        restart[FlightCounter.Restarts] = 1;
        foreach (var device in Fleet.Select(device => device.Id.Value))
            for (var minute = 0; minute < 2880; minute++)
            {
                builder.Add(device, Start.AddMinutes(minute), new RecordedPart("old", "ok", 0.9, null, 0, null, null, null, null, null).Count(Challenger, null, builder.Seen));
                if (canaries.Contains(device) && minute is > 20 and < 600 && minute % 2 == 0) builder.AddBeside(device, Start.AddMinutes(minute), restart);
            }
        var outcome = Fly(Plan, builder.Build(TimeSpan.FromSeconds(5)), FlightChallenger.Champion);
        Assert.True(outcome.End == FlightEnd.Stopped, outcome.Reason);
        Assert.Contains("restart", outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_that_takes_long_to_fetch_takes_long_in_a_flight()
    {
        var narrow = Plan with { Limits = new RolloutLimits { BytesPerSecond = 10_000 } };
        var history = History(72, errors: 0);
        Assert.True(Fly(narrow, history, FlightChallenger.Champion, bytes: 30_000_000).Hours > Fly(narrow, history, FlightChallenger.Champion, bytes: 1_000).Hours + 5);
    }

    [Fact]
    public void A_shadow_answers_for_itself_and_what_was_not_recorded_is_the_champions()
    {
        var seen = new FlightSeen();
        var shadowed = new RecordedPart("old", "ok", 0.9, null, 0, 5_000, Challenger, "scratch", 1, 0.3).Count(Challenger, 10_000, seen);
        Assert.Equal((0, 1, 1, 1, 1), (shadowed[FlightCounter.OldRejects], shadowed[FlightCounter.YoungRejects], shadowed[FlightCounter.Discordant], shadowed[FlightCounter.OnlyYoungRejects], shadowed[FlightCounter.OnlyYoungUnsure]));
        Assert.Equal((ArmCounts.Fixed(0.9), ArmCounts.Fixed(0.3)), (shadowed[FlightCounter.OldConfidence], shadowed[FlightCounter.YoungConfidence]));
        var inCharge = new RecordedPart(Challenger, "scratch", 0.3, null, 1, 20_000, "old", "ok", 0, 0.9).Count(Challenger, 10_000, seen);
        Assert.Equal((0, 1, 1), (inCharge[FlightCounter.OldRejects], inCharge[FlightCounter.YoungRejects], inCharge[FlightCounter.YoungSlow]));
        // A row of before: neither rejects nor the shadow's confidence.
        var early = new RecordedPart("old", "ok", 0.9, null, null, null, Challenger, "ok", null, null).Count(Challenger, 10_000, seen);
        Assert.Equal((1, 0, 0, ArmCounts.Fixed(0.9)), (early[FlightCounter.Pairs], early[FlightCounter.Discordant], early[FlightCounter.YoungTimed], early[FlightCounter.YoungConfidence]));
        Assert.Equal((3, 2, 2, 2, 1), (seen.Parts, seen.Rejects, seen.Timed, seen.Shadowed, seen.InCharge));
    }

    [Fact]
    public void More_steps_than_fit_become_longer_and_lose_nothing()
    {
        var builder = new FlightHistoryBuilder(TimeSpan.FromSeconds(10));
        var one = default(FlightCounts);
        one[FlightCounter.Parts] = 1;
        const int parts = FlightHistoryBuilder.Most * 5 / 2;
        for (var i = 0; i < parts; i++) builder.Add($"d{i % 10}", Start.AddSeconds(10 * (i / 10)), one);
        var history = builder.Build(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(40), history.Step);
        Assert.Equal(parts, history.Devices.Values.Sum(bins => bins.Sum(bin => bin.Counts[FlightCounter.Parts])));
        Assert.InRange(history.Devices.Values.Sum(bins => bins.Length), 1, FlightHistoryBuilder.Most);
        Assert.Equal(Start, history.From);
    }

    [Fact]
    public void Windows_hold_a_flight_back_until_they_open()
    {
        var outcome = Fly(Plan with { Windows = [new RolloutWindow("10:00", "11:00")] }, History(48, errors: 0), FlightChallenger.Champion);
        Assert.Equal(FlightEnd.Completed, outcome.End);
        Assert.InRange(outcome.Hours, 34, 40);
    }

    [Fact]
    public void Records_that_are_too_short_are_no_verdict()
    {
        var outcome = Fly(Plan, History(0.5), FlightChallenger.Champion);
        Assert.Equal(FlightEnd.HistoryEnded, outcome.End);
        Assert.Contains("the records end while the rollout is", outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fleet_replays_what_it_has_recorded()
    {
        await using var line = await RolloutLine.StartAsync(devices: 2);
        const string yaml = "name: f\nmodel: line@2\ntarget: everything\nstrata: []\nrings: [{name: canary, count: 1}, {name: rest, percent: 100}]\nsoak: {time: 10s, parts: 20, timeout: 1h}";
        Assert.Contains("a replay needs 100 at least", Assert.Single((await Simulate(line, yaml))[^1].Mistakes!).Problem, StringComparison.Ordinal);

        foreach (var device in line.Devices)
            for (var part = 0; part < 150; part++)
                await device.SendAsync(Plans.Report(device.Id.Value, 0, line.Old, "ok") with { Origin = device.NextOrigin(), CapturedAt = DateTimeOffset.UtcNow.AddSeconds(part - 600) });
        await line.Fleet.Services.GetRequiredService<Database>().WriteAsync(connection =>
        {
            var (at, device) = (SqlTime.Of(DateTimeOffset.UtcNow.AddSeconds(-550)), line.Devices[0].Id.Value);
            connection.Execute("INSERT INTO device_connections (device, at, online, reason, boot) VALUES (@device, @at, 1, 'Restarted', 7)", new { device, at });
            connection.Execute("INSERT INTO drift_windows (device, camera, model, until, frames, body) VALUES (@device, 'cam', 'm', @at, 50, '{}')", new { device, at });
            return connection.Execute("INSERT INTO audit (at, by, action, subject, detail) VALUES (@at, 'drift', 'drift.alarm', @subject, '')", new { at, subject = $"{device}/cam" });
        }, TestContext.Current.CancellationToken);
        FlightLine[] lines = [];
        await FleetHost.UntilAsync(async () => (lines = await Simulate(line, yaml))[^1].Report is { Parts: 300 }, "300 parts replayed");
        var report = lines[^1].Report!;
        Assert.Equal((2, 3, 3), (report.Devices, report.Runs, report.FalseStops.Count));
        Assert.Equal([null, 0, 300, null, null, null, null], lines.Select(one => one.Read));
        Assert.Contains(report.Notes, note => note.Contains("nor in shadow", StringComparison.Ordinal));
        FlightSource Of(string what) => report.Sources.Single(source => source.What == what);
        Assert.Equal((true, "recorded of 300 of 300 parts; the others count as passed"), (Of("rejects").Replayed, Of("rejects").How));
        Assert.StartsWith("1 restarts in the newest 100 connections", Of("crashes").How, StringComparison.Ordinal);
        Assert.Equal("1 windows and 1 alarms, whichever model is in charge", Of("drift").How);
        Assert.Equal((false, false), (Of("judgements").Replayed, Of("devices offline").Replayed));
        Assert.Equal(Enum.GetNames<RolloutMetric>().Order(), report.Sources.Select(source => source.What).Intersect(Enum.GetNames<RolloutMetric>(), StringComparer.OrdinalIgnoreCase).Select(what => char.ToUpperInvariant(what[0]) + what[1..]).Order());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Post(line, yaml, "days=-1")).StatusCode);
    }

    private static Task<HttpResponseMessage> Post(RolloutLine line, string yaml, string query) =>
        line.Fleet.Http.PostAsync($"rollouts/simulate?{query}", new StringContent(yaml, Encoding.UTF8, "application/yaml"), TestContext.Current.CancellationToken);

    private static async Task<FlightLine[]> Simulate(RolloutLine line, string yaml)
    {
        var answer = await Post(line, yaml, "days=1&runs=3");
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(one => JsonSerializer.Deserialize(one, ContractsJson.Default.FlightLine)!)];
    }
}
