using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Rollouts.Evidence;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>Whole rollouts over a real broker, real databases and the API.</summary>
public sealed class RolloutGrainTests(ITestOutputHelper output)
{
    private static readonly RolloutRing[] TwoRings = [new("canary", Devices: [new DeviceId("line-1")]), new("rest", Percent: 100)];

    [Fact]
    public async Task A_model_that_agrees_reaches_ring_after_ring_and_then_is_no_longer_compared()
    {
        await using var line = await RolloutLine.StartAsync(3);
        var created = await line.CreateAsync(line.Plan(TwoRings));
        Assert.Equal(RolloutState.Canary, created.State);
        Assert.Equal([0, 1, 1], created.Devices.Select(d => d.Ring));
        var canary = line.Devices[0];
        await line.TakeOverAsync(canary);
        await line.UntilAsync(RolloutState.Soaking);
        Assert.All(line.Devices[1..], device => Assert.Null(device.Desired));

        await line.InspectAsync(canary, 150);
        await line.UntilAsync(RolloutState.Advancing);
        foreach (var device in line.Devices[1..]) await line.TakeOverAsync(device);
        await line.UntilAsync(view => view is { State: RolloutState.Soaking, Ring: 1 }, "the second ring soaking");
        foreach (var device in line.Devices[1..]) await line.InspectAsync(device, 30);
        var done = await line.UntilAsync(RolloutState.Completed);
        output.WriteLine(string.Join('\n', done.History.Select(step => $"{step.From} -> {step.To}: {step.Reason}")));
        Assert.Equal(["Start", "RingTaken", "RingPassed", "RingTaken", "LastRingPassed"], done.History.Select(step => step.Trigger));
        // What came after the last word is nobody's evidence any more.
        Assert.InRange(done.Evidence.Parts, 200, 210);
        Assert.Equal((done.Evidence.Parts, 0), (done.Evidence.Pairs, done.Evidence.Discordant));
        Assert.All(done.Devices, device => Assert.Equal(RolloutDeviceState.Running, device.State));
        foreach (var device in line.Devices) await RolloutLine.UntilDesiredAsync(device, line.New, compare: false);

        var audit = await line.Fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, TestContext.Current.CancellationToken);
        Assert.Single(audit!.Entries, entry => entry.Action == "rollout.completed");

        // A person may still want it back.
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("rollback")).StatusCode);
        foreach (var device in line.Devices)
        {
            await RolloutLine.UntilDesiredAsync(device, line.Old, compare: false);
            await RolloutLine.ReportAsync(device, line.Old, null, UpdateState.RolledBack);
        }
        Assert.Contains("3 of 3 devices run their previous model again", (await line.UntilAsync(RolloutState.RolledBack)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_that_an_import_brings_speak_against_a_model_like_a_persons_and_each_frame_counts_once()
    {
        await using var line = await RolloutLine.StartAsync(3);
        await line.CreateAsync(line.Plan(TwoRings));
        var canary = line.Devices[0];
        await line.TakeOverAsync(canary);
        await line.UntilAsync(RolloutState.Soaking);
        await line.InspectAsync(canary, 40, said: "ok", previousSaid: "scratch");
        for (var frame = 0; frame < 12; frame++) await line.SampleAsync(canary, $"f{frame}", "ok", "scratch");
        await FleetHost.UntilAsync(async () => (await line.Fleet.Http.GetAsync("frames/f11", TestContext.Current.CancellationToken)).IsSuccessStatusCode, "twelve frames");

        var first = await ImportAsync(line, 0, 3, "");
        Assert.Equal((true, 3), (first.Written, first.Relabelled));
        await line.UntilAsync(view => view.Evidence.ChampionRight == 3, "three judged frames");
        Assert.Equal(3, (await ImportAsync(line, 0, 3, "&relabel=true", label: "dent")).Relabelled);
        Assert.Equal(9, (await ImportAsync(line, 3, 12, "")).Relabelled);
        await line.UntilAsync(RolloutState.RollingBack);
        var evidence = (await line.ReadAsync()).Evidence;
        Assert.Equal((12, 0), (evidence.ChampionRight, evidence.ChallengerRight));
    }

    private static async Task<ImportReport> ImportAsync(RolloutLine line, int from, int to, string query, string label = "scratch")
    {
        var rows = string.Concat(Enumerable.Range(from, to - from).Select(frame => $"f{frame}.jpg,{label}\n"));
        var answer = await line.Fleet.Http.PostAsync($"frames/import?format=Csv&by=labeller{query}", new StringContent("filename,class\n" + rows), TestContext.Current.CancellationToken);
        var lines = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return JsonSerializer.Deserialize(lines[^1], ContractsJson.Default.ImportLine)!.Report!;
    }

    [Fact]
    public async Task A_model_that_judged_frames_speak_against_is_taken_back_and_the_untouched_ring_never_hears_of_it()
    {
        await using var line = await RolloutLine.StartAsync(3);
        await line.CreateAsync(line.Plan(TwoRings));
        var canary = line.Devices[0];
        await line.TakeOverAsync(canary);
        await line.UntilAsync(RolloutState.Soaking);
        await line.InspectAsync(canary, 40, said: "ok", previousSaid: "scratch");
        await line.UntilAsync(view => view.Evidence.Discordant == 40, "40 frames in disagreement");
        for (var frame = 0; frame < 12; frame++) await line.JudgeAsync(canary, $"f{frame}", "ok", "scratch", truth: "scratch");

        await line.UntilAsync(RolloutState.RollingBack);
        await RolloutLine.UntilDesiredAsync(canary, line.Old, compare: false);
        await RolloutLine.ReportAsync(canary, line.Old, null, UpdateState.RolledBack);
        var ended = await line.UntilAsync(RolloutState.RolledBack);
        output.WriteLine(ended.Reason);
        Assert.Contains("risk of a false stop at most 1 %; 40 parts were exposed", ended.Reason, StringComparison.Ordinal);
        Assert.Contains("1 of 1 devices run their previous model again, 2 were never touched", ended.Reason, StringComparison.Ordinal);
        Assert.True(ended.Evidence.ChallengerConfidence > ended.Evidence.ChampionConfidence, "it was the surer one");
        Assert.All(ended.Devices.Where(d => d.Ring == 1), device => Assert.Equal(RolloutDeviceState.Waiting, device.State));
        Assert.All(line.Devices[1..], device => Assert.Null(device.Desired));

        // Its devices are free: the same plan may be tried again.
        Assert.Equal("rollout-2", (await line.CreateAsync(line.Plan(TwoRings))).Id);
    }

    [Fact]
    public async Task A_device_that_fails_to_update_stops_the_rollout_and_says_why()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(TwoRings));
        await RolloutLine.UntilDesiredAsync(line.Devices[0], line.New, compare: true);
        await RolloutLine.ReportAsync(line.Devices[0], line.Old, null, UpdateState.Failed, "the golden outputs differ");
        await RolloutLine.UntilDesiredAsync(line.Devices[0], line.Old, compare: false);
        await RolloutLine.ReportAsync(line.Devices[0], line.Old, null, UpdateState.Failed);
        var ended = await line.UntilAsync(RolloutState.RolledBack);
        Assert.Contains("1 of 1 devices of ring 'canary' failed to update, 0 are allowed", ended.Reason, StringComparison.Ordinal);
        Assert.Contains("; line-1: the golden outputs differ", ended.Reason, StringComparison.Ordinal);
        Assert.Null(line.Devices[1].Desired);
    }

    [Fact]
    public async Task A_fleet_restarted_in_mid_canary_goes_on_and_counts_nothing_twice()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(TwoRings));
        var canary = line.Devices[0];
        await line.TakeOverAsync(canary);
        var told = await line.InspectAsync(canary, 45);
        await line.UntilAsync(view => view is { State: RolloutState.Soaking, Evidence.Parts: 45 }, "45 parts in a soaking canary");

        await line.Fleet.RestartFleetAsync();
        foreach (var report in told) await canary.SendAsync(report);
        await line.InspectAsync(canary, 4);
        var on = await line.UntilAsync(view => view.Evidence.Parts == 49, "49 parts");
        Assert.Equal((RolloutState.Soaking, 2), (on.State, on.History.Count));
        await line.InspectAsync(canary, 101);
        await line.TakeOverAsync(line.Devices[1]);
        await line.UntilAsync(view => view is { State: RolloutState.Soaking, Ring: 1, Evidence.Parts: 150 }, "the second ring soaking");
        await line.InspectAsync(line.Devices[1], 50);
        await line.UntilAsync(RolloutState.Completed);
    }

    [Fact]
    public async Task A_rollout_of_nothing_but_silence_pauses_and_a_person_decides()
    {
        await using var line = await RolloutLine.StartAsync(2);
        var plan = line.Plan(TwoRings) with { Soak = new Soak(0, 50, 1) };
        await line.CreateAsync(plan);
        await line.TakeOverAsync(line.Devices[0]);
        var paused = await line.UntilAsync(RolloutState.Paused);
        Assert.StartsWith("inconclusive after", paused.Reason, StringComparison.Ordinal);
        Assert.Null(line.Devices[1].Desired);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await line.ActAsync("rollback", by: " ")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await line.ActAsync("pause")).StatusCode);
        var overlapping = await line.Fleet.Http.PostAsJsonAsync("rollouts", plan, ContractsJson.Default.RolloutPlan, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, overlapping.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("rollback")).StatusCode);
        await RolloutLine.UntilDesiredAsync(line.Devices[0], line.Old, compare: false);
        await RolloutLine.ReportAsync(line.Devices[0], line.Old, null, UpdateState.RolledBack);
        var ended = await line.UntilAsync(RolloutState.RolledBack);
        Assert.Equal("operator", ended.History.Single(step => step.Trigger == "RollbackAsked").By);
    }

    [Fact]
    public async Task An_ended_rollout_takes_nothing_back_from_one_that_runs()
    {
        await using var line = await RolloutLine.StartAsync(1);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Count: 1)));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("abort")).StatusCode);
        await RolloutLine.UntilDesiredAsync(line.Devices[0], line.New, compare: false);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Count: 1)) with { Name = "back to the first", Model = line.Old.Digest });
        var answer = await line.ActAsync("rollback");
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("line-1 is in rollout 'back to the first' (rollout-2)", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(RolloutState.Aborted, (await line.ReadAsync()).State);
    }

    [Fact]
    public async Task Restarts_drift_alarms_and_the_devices_own_past_are_counted_once_on_the_side_they_belong_to()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(TwoRings));
        var (canary, other) = (line.Devices[0], line.Devices[1]);
        foreach (var device in line.Devices) await SayHealthAsync(device);
        await line.TakeOverAsync(canary);
        await line.UntilAsync(RolloutState.Soaking);
        await line.InspectAsync(canary, 3);
        canary.Boot++;
        await SayHealthAsync(canary);
        await SayHealthAsync(other);
        var store = line.Fleet.Services.GetRequiredService<RolloutStore>();
        var alarm = new DriftWindow
        {
            Origin = canary.NextOrigin(), Camera = new CameraId("cam"), Model = line.New, From = DateTimeOffset.UnixEpoch, To = DateTimeOffset.UnixEpoch, Frames = 1,
            Histograms = new Dictionary<string, HistogramCounts>(), Classes = new Dictionary<string, long>(),
        };
        Assert.Equal("rollout-1", await store.DriftAlarmAsync(alarm));
        Assert.Null(await store.DriftAlarmAsync(alarm));
        Assert.Equal("rollout-1", await store.DriftAlarmAsync(alarm with { Origin = canary.NextOrigin(), Model = line.Old }));
        await FleetHost.UntilAsync(async () => (await store.StandAsync("rollout-1")).Sums is var sums
            && sums.Of(Arms.Challenger)[ArmCounter.Restarts] == 1 && sums.Of(Arms.Champion)[ArmCounter.Reports] >= 2, "the restart counted");
        var counted = (await store.StandAsync("rollout-1")).Sums;
        Assert.Equal((1, 1, 3, 0), (counted.Of(Arms.Challenger)[ArmCounter.Reports], counted.Of(Arms.Challenger)[ArmCounter.DriftedWindows], counted.Of(Arms.Challenger)[ArmCounter.Parts], counted.Of(Arms.Champion)[ArmCounter.Restarts]));
        Assert.Equal(1, counted.Of(Arms.Champion)[ArmCounter.DriftedWindows]);
    }

    [Fact]
    public async Task Frames_in_disagreement_are_judged_by_one_call_each_in_an_order_that_no_model_influences()
    {
        await using var line = await RolloutLine.StartAsync(1);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Count: 1)));
        var canary = line.Devices[0];
        await line.TakeOverAsync(canary);
        await line.UntilAsync(RolloutState.Soaking);
        await line.InspectAsync(canary, 6, said: "ok", previousSaid: "scratch");
        for (var frame = 0; frame < 4; frame++)
        {
            await canary.SendAsync(canary.Frame($"f{frame}", margin: frame / 10.0, rule: frame == 3 ? "least-confidence" : "disagreement") with
            {
                Model = line.New, Prediction = new Prediction { Class = "ok" }, Shadow = new ShadowPrediction(line.Old, new Prediction { Class = frame == 2 ? null : "scratch" }),
            });
        }
        DiscordantPage? page = null;
        await FleetHost.UntilAsync(async () => (page = await line.Fleet.Http.GetFromJsonAsync("rollouts/rollout-1/discordant", ContractsJson.Default.DiscordantPage, TestContext.Current.CancellationToken))!.Waiting == 3, "three frames by lot");
        Assert.Equal(["f0", "f1", "f2"], page!.Frames.Select(frame => frame.Id).Order());
        var first = page.Frames.Single(frame => frame.Id == "f0");
        Assert.Equal(("ok", "scratch", "frames/f0/image"), (first.Challenger.Class, first.Champion.Class, first.Image));
        Assert.Equal(HttpStatusCode.OK, (await line.Fleet.Http.GetAsync(first.Image, TestContext.Current.CancellationToken)).StatusCode);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, await JudgeAsync(line, "f0", new Judgement(RightModel.Neither, "ann")));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await JudgeAsync(line, "f0", new Judgement(RightModel.Champion, " ")));
        Assert.Equal(HttpStatusCode.NotFound, await JudgeAsync(line, "nowhere", new Judgement(RightModel.Champion, "ann")));
        Assert.Equal(HttpStatusCode.OK, await JudgeAsync(line, "f0", new Judgement(RightModel.Challenger, "ann")));
        Assert.Equal(HttpStatusCode.OK, await JudgeAsync(line, "f1", new Judgement(RightModel.Neither, "ann", "dent")));
        Assert.Equal(HttpStatusCode.OK, await JudgeAsync(line, "f2", new Judgement(RightModel.Champion, "ann")));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await JudgeAsync(line, "f2", new Judgement(RightModel.Challenger, "ann")));
        await line.UntilAsync(view => view.Evidence is { ChallengerRight: 1, ChampionRight: 1, NeitherRight: 1 }, "three judgements");
        page = await line.Fleet.Http.GetFromJsonAsync("rollouts/rollout-1/discordant", ContractsJson.Default.DiscordantPage, TestContext.Current.CancellationToken);
        Assert.Equal(0, page!.Waiting);
    }

    private static async Task<HttpStatusCode> JudgeAsync(RolloutLine line, string frame, Judgement judgement) => (await line.Fleet.Http.PostAsJsonAsync(
        $"rollouts/rollout-1/discordant/{frame}", judgement, ContractsJson.Default.Judgement, TestContext.Current.CancellationToken)).StatusCode;

    private static Task SayHealthAsync(TestDevice device) => device.SendAsync(device.Topics.Health, new DeviceHealth
    {
        Origin = device.NextOrigin(), At = DateTimeOffset.UtcNow, UptimeSeconds = 1, ResidentBytes = 1, Provider = "CPU", Cameras = [], Spool = new SpoolHealth(0, 0, 1, 0, 0),
    }, ContractsJson.Default.DeviceHealth);
}
