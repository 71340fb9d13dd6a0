using System.Net;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Rollouts.Flight;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RolloutFlightTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 2, 0, 0, 0, TimeSpan.Zero);

    private static readonly RolloutPlan Plan = Plans.Of(new("canary", Count: 4), new("rest", Percent: 100)) with { Soak = new Soak(3600, 500, 86_400) };

    private static readonly Candidate[] Fleet = [.. Enumerable.Range(1, 20).Select(i => Plans.Device($"d{i}", $"site-{i % 2}"))];

    /// <summary>A part a minute on each device, failing now and then.</summary>
    private static FlightHistory History(double hours, double errors = 0.002) => new(Fleet.ToDictionary(device => device.Id.Value, device =>
    {
        var chance = new Random(int.Parse(device.Id.Value[1..], System.Globalization.CultureInfo.InvariantCulture));
        return Enumerable.Range(0, (int)(hours * 60)).Select(minute => new RecordedPart(Start.AddMinutes(minute), chance.NextDouble() < errors, (int)(0.9 * ArmCounts.ConfidenceUnit), false, false, 0)).ToArray();
    }), Cut: false);

    private static FlightOutcome Fly(RolloutPlan plan, FlightHistory history, FlightChallenger challenger, int seed = 1) =>
        new RolloutFlight(plan, RingPlanner.Assign(plan, Fleet, []).Devices, Fleet.ToDictionary(device => device.Id), history, challenger, new Dictionary<string, SiteShifts>(), seed).Fly();

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
        var outcome = Fly(Plan, History(48), new FlightChallenger(0.1, false));
        Assert.True(outcome.End == FlightEnd.Stopped, outcome.Reason);
        Assert.Equal(4, outcome.Touched);
        Assert.InRange(outcome.Parts, 20, 2000);
        // A tenth is no fifth: that rule never stops it.
        Assert.Equal(0, outcome.Rivals.Single(rival => rival.Rule == FlightRivals.Threshold).Stops);
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
        FlightLine[] lines = [];
        await FleetHost.UntilAsync(async () => (lines = await Simulate(line, yaml))[^1].Report is { Parts: 300 }, "300 parts replayed");
        var report = lines[^1].Report!;
        Assert.Equal((2, 3, 3), (report.Devices, report.Runs, report.FalseStops.Count));
        Assert.Equal(5, lines.Length);
        Assert.Contains(report.Notes, note => note.Contains("never in shadow", StringComparison.Ordinal));
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
