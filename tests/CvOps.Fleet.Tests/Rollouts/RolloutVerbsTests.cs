using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>What people ask of rollouts, and what devices get wrong, over a real broker, real databases and the API.</summary>
public sealed class RolloutVerbsTests
{
    private static readonly RolloutRing Canary = new("canary", Devices: [new DeviceId("line-1")]);
    private static readonly RolloutRing Rest = new("rest", Percent: 100);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_draft_holds_nothing_takes_another_plan_and_runs_when_it_is_started()
    {
        await using var line = await RolloutLine.StartAsync(2);
        var draft = await Post(line, "rollouts?draft=true&by=ann", line.Plan(Canary, Rest));
        Assert.Equal((RolloutState.Draft, "ann"), (draft.State, draft.CreatedBy));
        var revised = await line.Fleet.Http.PutAsJsonAsync("rollouts/rollout-1", line.Plan(Canary) with { Name = "third" }, ContractsJson.Default.RolloutPlan, Token);
        Assert.True(revised.IsSuccessStatusCode, await revised.Content.ReadAsStringAsync(Token));
        Assert.Null(line.Devices[0].Desired);
        // While its rows are written anew it is not let loose under the plan it had.
        Assert.True(await line.Fleet.Grains.GetGrain<IRolloutGrain>("rollout-1").HoldDraft());
        Assert.Equal(HttpStatusCode.Conflict, (await line.ActAsync("start")).StatusCode);
        Assert.True((await line.Fleet.Http.PutAsJsonAsync("rollouts/rollout-1", line.Plan(Canary) with { Name = "third" }, ContractsJson.Default.RolloutPlan, Token)).IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("start")).StatusCode);
        await line.TakeOverAsync(line.Devices[0]);
        var running = await line.UntilAsync(RolloutState.Soaking);
        Assert.Equal(("third", 1), (running.Plan.Name, running.Devices.Count));
        Assert.Equal(HttpStatusCode.Conflict, (await line.Fleet.Http.PutAsJsonAsync("rollouts/rollout-1", line.Plan(Canary), ContractsJson.Default.RolloutPlan, Token)).StatusCode);
    }

    [Fact]
    public async Task A_device_returns_to_what_it_had_when_it_was_told_not_when_the_plan_was_made()
    {
        await using var line = await RolloutLine.StartAsync(1);
        var device = line.Devices[0];
        await Post(line, "rollouts?draft=true&by=ann", line.Plan(Canary));
        var between = await RolloutLine.RegisterAsync(line.Fleet, "3");
        await RolloutLine.ReportAsync(device, between, line.Old, UpdateState.Committed);
        await FleetHost.UntilAsync(async () => (await line.Fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Token))![0].Reported?.Model.Active == between, "the model that came between");
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("start")).StatusCode);
        await RolloutLine.UntilDesiredAsync(device, line.New, compare: true);
        await RolloutLine.ReportAsync(device, line.New, between, UpdateState.Committed);
        await line.UntilAsync(RolloutState.Soaking);
        Assert.Equal(between, (await line.ReadAsync()).Devices[0].Previous);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("rollback")).StatusCode);
        await RolloutLine.UntilDesiredAsync(device, between, compare: false);
    }

    [Fact]
    public async Task A_rollout_that_is_judged_between_its_rows_and_its_record_runs_all_the_same()
    {
        await using var line = await RolloutLine.StartAsync(1);
        var (store, grain) = (line.Fleet.Services.GetRequiredService<RolloutStore>(), line.Fleet.Services.GetRequiredService<IGrainFactory>().GetGrain<IRolloutGrain>("rollout-1"));
        await store.CreateAsync(new RolloutRow("rollout-1", "second", line.New.Digest, true, RolloutState.Scheduled, true, 500), 1, DateTimeOffset.UtcNow,
            [new RolloutMember("rollout-1", line.Devices[0].Id, new SiteId("site"), 0, 0, RolloutDeviceState.Waiting, line.Old, null, 0, true, DateTimeOffset.UnixEpoch, null)]);
        await grain.Judge();
        Assert.Equal((RolloutState.Aborted, false), await store.FindAsync("rollout-1") is { } aborted ? (aborted.State, aborted.Running) : default);
        await grain.Create(line.Plan(Canary), line.New, null, "ann", draft: false);
        Assert.Equal((RolloutState.Scheduled, true), await store.FindAsync("rollout-1") is { } runs ? (runs.State, runs.Running) : default);
        await grain.Tick();
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
    }

    [Fact]
    public async Task The_emergency_stop_pauses_everything_and_tells_nobody_until_it_is_lifted_and_resumed_also_over_a_restart()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(Canary, Rest));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        var stopped = await line.Fleet.Http.PostAsJsonAsync("rollouts/stop-all", new RolloutAction("ann", "smoke"), ContractsJson.Default.RolloutAction, Token);
        Assert.Equal(["rollout-1"], (await stopped.Content.ReadFromJsonAsync(ContractsJson.Default.EmergencyStop, Token))!.Paused);
        await line.UntilAsync(RolloutState.Paused);
        await line.Fleet.RestartFleetAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await line.ActAsync("resume")).StatusCode);
        await line.InspectAsync(line.Devices[0], 150);
        await line.UntilAsync(view => view is { State: RolloutState.Paused, Evidence.Parts: 150 }, "150 parts counted while paused");
        Assert.Null(line.Devices[1].Desired);
        Assert.Equal(HttpStatusCode.OK, (await line.Fleet.Http.PostAsJsonAsync("rollouts/lift-stop", new RolloutAction("ann", "no smoke"), ContractsJson.Default.RolloutAction, Token)).StatusCode);
        Assert.Equal(RolloutState.Paused, (await line.ReadAsync()).State);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("resume")).StatusCode);
        await line.TakeOverAsync(line.Devices[1]);
        var on = await line.UntilAsync(view => view is { State: RolloutState.Soaking, Ring: 1 }, "the second ring soaking");
        Assert.Contains(on.History, step => step is { Trigger: "EmergencyStopped", Evidence: not null });
    }

    [Fact]
    public async Task A_batch_that_was_chosen_before_a_pause_tells_nobody_after_it()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(Canary, Rest));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        var row = (await line.Fleet.Services.GetRequiredService<RolloutStore>().FindAsync("rollout-1"))!;
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("pause")).StatusCode);
        Assert.Equal(0, await AssignAsync(line, row));
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("abort")).StatusCode);
        Assert.Equal(0, await AssignAsync(line, row));
        Assert.Equal(RolloutDeviceState.Waiting, (await line.ReadAsync()).Devices[1].State);
    }

    [Fact]
    public async Task Nobody_is_told_a_model_that_is_revoked_while_this_process_has_not_heard_of_it()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(Canary, Rest));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        var row = (await line.Fleet.Services.GetRequiredService<RolloutStore>().FindAsync("rollout-1"))!;
        await line.Fleet.Services.GetRequiredService<Database>().WriteAsync(c => c.Execute("INSERT INTO model_revocation (digest, at, by, reason) VALUES (@Digest, 0, 'ann', 'mislabelled')", new { line.New.Digest }), Token);
        Assert.Equal(0, await AssignAsync(line, row));
        Assert.Null(line.Devices[1].Desired);
    }

    private static Task<int> AssignAsync(RolloutLine line, RolloutRow row) => line.Fleet.Services.GetRequiredService<OrderBatch>().AssignAsync(row, [line.Devices[1].Id], RolloutDeviceState.Assigned, () => true,
        (desired, member, _) => DeviceOrder.Give(desired, member.Device, new DesiredModel(line.New, row.Id, new Uri("http://fleet/x"), 1, true)));

    [Fact]
    public async Task A_ring_that_needs_approval_waits_for_it_and_the_brake_still_works()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(Canary, Rest with { Approval = true }));
        await line.TakeOverAsync(line.Devices[0]);
        await line.InspectAsync(line.Devices[0], 150);
        var waiting = await line.UntilAsync(RolloutState.AwaitingApproval);
        Assert.Equal(1, waiting.Ring);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("approve")).StatusCode);
        await RolloutLine.UntilDesiredAsync(line.Devices[1], line.New, compare: true);
        await RolloutLine.ReportAsync(line.Devices[1], line.Old, null, UpdateState.Failed, "no disk");
        Assert.Contains("failed to update", (await line.UntilAsync(view => view.State is RolloutState.Stopping or RolloutState.RollingBack, "the stop")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_devices_try_once_more_when_a_person_says_so()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Percent: 100)) with { Guardrails = new Guardrails { NonInferiorityMargin = 0.1, FailedUpdates = 1 } });
        await line.TakeOverAsync(line.Devices[0]);
        Assert.Equal(HttpStatusCode.Conflict, (await line.ActAsync("retry")).StatusCode);
        var first = await RolloutLine.UntilDesiredAsync(line.Devices[1], line.New, compare: true);
        await RolloutLine.ReportAsync(line.Devices[1], line.Old, null, UpdateState.Failed, "no disk");
        await line.UntilAsync(RolloutState.Soaking);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("retry")).StatusCode);
        await Eventually.Async(() => line.Devices[1].Desired!.Version > first.Version, TimeSpan.FromSeconds(20), () => $"line-2 should be told once more and has {line.Devices[1].Desired}", Token);
        Assert.Equal(RolloutDeviceState.Assigned, (await line.ReadAsync()).Devices.Single(device => device.Device.Value == "line-2").State);
        await RolloutLine.ReportAsync(line.Devices[1], line.New, line.Old, UpdateState.Committed);
        var on = await line.UntilAsync(view => view.Devices.All(device => device.State == RolloutDeviceState.Running), "both devices running");
        Assert.Contains(on.History, step => step.Trigger == "RetriedInCanary");
    }

    [Fact]
    public async Task A_retry_whose_devices_a_kill_left_as_they_were_goes_on_with_the_next_start()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Percent: 100)) with { Soak = new Soak(600, 50, 6000), Guardrails = new Guardrails { NonInferiorityMargin = 0.1, FailedUpdates = 1 } });
        await line.TakeOverAsync(line.Devices[0]);
        await RolloutLine.UntilDesiredAsync(line.Devices[1], line.New, compare: true);
        await RolloutLine.ReportAsync(line.Devices[1], line.Old, null, UpdateState.Failed, "no disk");
        await line.UntilAsync(RolloutState.Soaking);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("retry")).StatusCode);
        await line.UntilAsync(view => view.Devices.Single(device => device.Device.Value == "line-2").State == RolloutDeviceState.Assigned, "line-2 told once more");
        var retried = line.Devices[1].Desired!.Version;

        var asked = (await line.ReadAsync()).History.Last(step => step.Trigger == "RetriedInCanary").At;
        await line.Fleet.Services.GetRequiredService<Database>().WriteAsync(connection =>
        {
            using var devices = new RolloutDeviceTable(connection, asked);
            var member = devices.Held(line.Devices[1].Id)!;
            devices.Update(member, member with { State = RolloutDeviceState.Failed, Reason = "no disk" });
            devices.Save();
            return 0;
        }, Token);
        await line.Fleet.RestartFleetAsync();
        await Eventually.Async(() => line.Devices[1].Desired!.Version > retried, TimeSpan.FromSeconds(20), () => $"line-2 should be told once more and has {line.Devices[1].Desired}", Token);
    }

    [Fact]
    public async Task A_device_that_vanishes_after_it_was_told_holds_its_ring_up_no_longer_than_the_plan_says()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Percent: 100)) with { Offline = new OfflineRule(1, OfflineChoice.Skip) });
        await line.TakeOverAsync(line.Devices[0]);
        await VanishAsync(line, line.Devices[1]);
        Assert.Contains("without 1 that are away", (await line.UntilAsync(RolloutState.Soaking)).History[^1].Reason, StringComparison.Ordinal);
        await line.Devices[1].SayOnlineAsync();
        await RolloutLine.ReportAsync(line.Devices[1], line.New, line.Old, UpdateState.Committed);
        await line.UntilAsync(view => view.Devices.All(device => device.State == RolloutDeviceState.Running), "both devices running");
    }

    [Fact]
    public async Task A_device_that_was_told_and_then_skipped_is_taken_back_with_the_others()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Percent: 100)) with { Offline = new OfflineRule(1, OfflineChoice.Skip) });
        await line.TakeOverAsync(line.Devices[0]);
        await VanishAsync(line, line.Devices[1]);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("rollback")).StatusCode);
        foreach (var device in line.Devices)
        {
            await RolloutLine.UntilDesiredAsync(device, line.Old, compare: false);
            await RolloutLine.ReportAsync(device, line.Old, null, UpdateState.RolledBack);
        }
        Assert.Contains("2 of 2 devices run their previous model again, 0 were never touched", (await line.UntilAsync(RolloutState.RolledBack)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_abort_in_the_shadow_stage_has_devices_let_go_of_the_model()
    {
        await using var line = await RolloutLine.StartAsync(1);
        var device = line.Devices[0];
        await device.SendAsync(device.Topics.TwinReported, new TwinReported
        {
            DesiredVersion = 0, Boot = 1, At = DateTimeOffset.UnixEpoch.AddDays(20_001), AgentVersion = "1.0", Provider = "CPU", Cameras = [],
            Model = new ReportedModel { State = UpdateState.Idle, Active = line.Old, Stage = ModelStage.Active },
        }, ContractsJson.Default.TwinReported, retain: true);
        await FleetHost.UntilAsync(async () => (await line.Fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Token))![0].Reported?.Model.Stage is not null, "a device that knows stages");
        await line.CreateAsync(line.Plan(Canary) with { Shadow = new ShadowStage(100) });
        await Eventually.Async(() => device.Desired?.Model is { Stage: ModelStage.Shadow }, TimeSpan.FromSeconds(20), () => $"{device.Desired}", Token);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("abort")).StatusCode);
        await Eventually.Async(() => device.Desired is { Model: null }, TimeSpan.FromSeconds(20), () => $"{device.Desired}", Token);
    }

    private static async Task VanishAsync(RolloutLine line, TestDevice device)
    {
        await RolloutLine.UntilDesiredAsync(device, line.New, compare: true);
        await device.SendAsync(device.Topics.Status, new DeviceStatus(device.Id, Connectivity.Offline, 1, "1.0"), ContractsJson.Default.DeviceStatus, retain: true);
        await line.UntilAsync(view => view.Devices.Single(member => member.Device == device.Id).State == RolloutDeviceState.Skipped, $"{device.Id} skipped");
    }

    [Fact]
    public async Task A_device_that_was_to_try_again_when_the_fleet_ended_is_told_though_its_ring_soaks()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(new RolloutRing("all", Percent: 100)));
        foreach (var device in line.Devices) await line.TakeOverAsync(device);
        await line.UntilAsync(RolloutState.Soaking);
        var before = line.Devices[1].Desired!.Version;
        await line.Fleet.Services.GetRequiredService<RolloutStore>().ChangeAsync("rollout-1", [line.Devices[1].Id], member => member with { State = RolloutDeviceState.Waiting, Ordered = 0 });
        await Eventually.Async(() => line.Devices[1].Desired!.Version > before, TimeSpan.FromSeconds(20), () => $"{line.Devices[1].Desired}", Token);
        Assert.Equal(RolloutState.Soaking, (await line.ReadAsync()).State);
    }

    [Fact]
    public async Task A_device_whose_parts_contradict_its_word_is_in_doubt_counted_and_its_ring_is_not_passed()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(Canary, Rest));
        var liar = line.Devices[0];
        await line.TakeOverAsync(liar);
        await line.UntilAsync(RolloutState.Soaking);
        await liar.SendAsync(liar.Inspection() with { Model = line.Old, CapturedAt = DateTimeOffset.UtcNow.AddMinutes(1) });
        await line.UntilAsync(view => view.Devices.Single(device => device.Device == liar.Id) is { State: RolloutDeviceState.Updating, Reason: { } reason } && reason.Contains("its parts come from", StringComparison.Ordinal), "the device in doubt");
        var unlike = await line.Fleet.Services.GetRequiredService<Database>().ReadAsync(c => c.ExecuteScalar<long>("SELECT unlike FROM rollout_count WHERE device = 'line-1' AND arm = 1"), Token);
        Assert.Equal(1, unlike);
        // Its word alone does not help; a part does.
        await RolloutLine.ReportAsync(liar, line.New, line.Old, UpdateState.Committed);
        await liar.SendAsync(liar.Inspection() with { Model = line.New, CapturedAt = DateTimeOffset.UtcNow.AddMinutes(2) });
        await line.UntilAsync(view => view.Devices.Single(device => device.Device == liar.Id).State == RolloutDeviceState.Running, "the device believed again");
    }

    [Fact]
    public async Task An_answer_to_a_document_that_was_never_given_is_not_believed_and_says_so()
    {
        await using var line = await RolloutLine.StartAsync(1);
        await line.CreateAsync(line.Plan(Canary));
        var device = line.Devices[0];
        await RolloutLine.UntilDesiredAsync(device, line.New, compare: true);
        await device.SendAsync(device.Topics.TwinReported, new TwinReported
        {
            DesiredVersion = 999, Boot = 1, At = DateTimeOffset.UtcNow.AddYears(1), AgentVersion = "1.0", Provider = "CPU", Cameras = [],
            Model = new ReportedModel { State = UpdateState.Committed, Active = line.New, Previous = line.Old, Target = line.New.Digest },
        }, ContractsJson.Default.TwinReported, retain: true);
        var view = await line.UntilAsync(view => view.Devices[0].Reason is not null, "a reason");
        Assert.Contains("it answers document 999 of its twin, and the newest it was given is 1", view.Devices[0].Reason, StringComparison.Ordinal);
        Assert.Equal((RolloutState.Canary, RolloutDeviceState.Assigned), (view.State, view.Devices[0].State));
    }

    [Fact]
    public async Task Of_two_rollouts_the_one_that_matters_more_has_the_device_and_the_other_waits_for_it()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(Canary, Rest));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        var urgent = await Post(line, "rollouts", line.Plan(new RolloutRing("one", Devices: [new DeviceId("line-2")])) with { Name = "urgent", Priority = 900, Everything = false, Target = new Dictionary<string, string> { ["device"] = "line-2" } });
        Assert.Equal(RolloutState.Canary, urgent.State);
        await RolloutLine.UntilDesiredAsync(line.Devices[1], line.New, compare: true);
        Assert.Equal(urgent.Id, line.Devices[1].Desired!.Model!.Rollout);
        await line.InspectAsync(line.Devices[0], 150);
        var waits = await line.UntilAsync(view => view.State == RolloutState.Advancing && view.Reason.Contains("rollout 'urgent', which has the device first", StringComparison.Ordinal), "the other waiting");
        Assert.Equal(RolloutDeviceState.Waiting, waits.Devices.Single(device => device.Device.Value == "line-2").State);
    }

    private static async Task<RolloutView> Post(RolloutLine line, string address, RolloutPlan plan)
    {
        var answer = await line.Fleet.Http.PostAsJsonAsync(address, plan, ContractsJson.Default.RolloutPlan, Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.RolloutView, Token))!;
    }
}
