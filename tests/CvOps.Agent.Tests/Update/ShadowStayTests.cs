using CvOps.Agent.Update;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using static CvOps.Contracts.Twin.UpdateState;

namespace CvOps.Agent.Tests.Update;

public sealed class ShadowStayTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_in_shadow_stays_there_and_the_twin_says_how_it_does()
    {
        await using var rig = await Rig();
        await using var device = await InShadowAsync(rig, Shadow(rig.Publish("v22")));
        device.Inspect(5);
        await ReportAsync(device, shadow => shadow is { Frames: 5 });
        device.Inspect(3, challengerClass: "bad");
        device.Inspect(1, challengerError: "Output 'logits' is NaN.");
        device.Inspect(4, shed: true);
        device.Inspect(40);
        await ReportAsync(device, shadow => shadow is { Frames: 48, Discordant: 3, Failures: 1, Skipped: 4 });
        var report = device.Loop.Report;
        Assert.Equal((Shadowing, "v1", "v22", ModelStage.Shadow), (report.State, report.Active?.Version, report.Shadow?.Model.Version, report.Stage));
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
        Assert.Single(device.States, Soaking);
        Assert.Equal("v1", UpdateJournal.Peek(rig.Journal)?.Active?.Version);
    }

    [Fact]
    public async Task It_takes_charge_when_the_twin_says_so_without_another_download()
    {
        await using var rig = await Rig();
        var challenger = rig.Publish("v22");
        await using var device = await InShadowAsync(rig, Shadow(challenger));
        device.Inspect(9);
        // Tried on: what comes before that is not the trial of the next order.
        await ReportAsync(device, shadow => shadow is { Frames: > 0 });
        File.Delete(rig.Folder["v22.cvmodel"]);
        var walked = device.States.Count;
        device.Loop.Want(new TwinDesired { Version = 3, Model = challenger });
        await device.ReachAsync(Soaking);
        Assert.Equal([Swapping, Soaking], device.States.Skip(walked).SkipWhile(state => state == Shadowing));
        Assert.Null(device.Loop.Report.Shadow);
        device.Inspect(3);
        await device.ReachAsync(Committed);
        Assert.Equal((3, "v22", "v1"), (device.Loop.DesiredVersion, device.Loop.Report.Active?.Version, device.Loop.Report.Previous?.Version));
    }

    [Fact]
    public async Task A_model_that_soaks_ends_its_soak_before_another_comes_into_its_shadow()
    {
        await using var rig = await Rig();
        var (first, challenger) = (rig.Publish("v1"), Shadow(rig.Publish("v22")));
        await using var device = rig.Start();
        await device.StartAsync();
        device.Loop.Want(new TwinDesired { Version = 1, Model = first });
        await device.ReachAsync(Soaking);
        device.Loop.Want(new TwinDesired { Version = 2, Model = challenger });
        device.Inspect(9);
        await device.ReachAsync(Shadowing);
        Assert.DoesNotContain(RollingBack, device.States);
        Assert.Equal(("v1", 2), (device.Slots.Active?.Ref.Version, device.Loop.DesiredVersion));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task It_is_let_go_when_the_twin_names_the_champion_or_nothing(bool champion)
    {
        await using var rig = await Rig();
        var first = rig.Publish("v1");
        await using var device = await InShadowAsync(rig, Shadow(rig.Publish("v22")), first);
        device.Inspect(9);
        var shadow = device.Slots.Shadow!;
        device.Loop.Want(new TwinDesired { Version = 3, Model = champion ? first : null });
        await device.ReachAsync(Idle);
        await Eventually.Async(() => device.Loop.DesiredVersion == 3, UpdateRig.Deadline, () => $"{device.Loop.Report}", Ct);
        Assert.Equal(("v1", null, null), (device.Slots.Active?.Ref.Version, device.Slots.Shadow?.Ref.Version, device.Loop.Report.Shadow));
        await device.Slots.Retired;
        Assert.Throws<ObjectDisposedException>(shadow.Session.Run);
    }

    [Fact]
    public async Task It_is_let_go_when_the_twin_changes_its_mind_while_the_last_word_is_being_noted()
    {
        await using var rig = await Rig();
        var (first, challenger) = (rig.Publish("v1"), Shadow(rig.Publish("v22")));
        await using var device = await InShadowAsync(rig, challenger, first);
        device.Loop.Changed += () =>
        {
            if (device.Loop.DesiredVersion == 3) device.Loop.Want(new TwinDesired { Version = 4, Model = first });
        };
        device.Inspect(9);
        await ReportAsync(device, shadow => shadow is { Frames: > 0 });
        device.Loop.Want(new TwinDesired { Version = 3, Model = challenger });
        await Eventually.Async(() => device.Loop.DesiredVersion == 4, UpdateRig.Deadline, () => $"{device.Loop.Report}", Ct);
        Assert.Equal((Idle, null, null), (device.Loop.Report.State, device.Slots.Shadow, device.Loop.Report.Shadow));
    }

    [Fact]
    public async Task The_previous_model_may_be_in_shadow_and_stays_the_way_back()
    {
        await using var rig = await Rig();
        var first = rig.Publish("v1");
        await using var device = rig.Start();
        await device.StartAsync();
        await device.UpdateAsync(1, first);
        device.Loop.Want(new TwinDesired { Version = 2, Model = rig.Publish("v22") });
        await ThroughTrialAsync(device);
        device.Inspect(3);
        await device.ReachAsync(Committed);
        device.Loop.Want(new TwinDesired { Version = 3, Model = Shadow(first) });
        await ReportAsync(device, shadow => shadow?.Model.Version == "v1");
        Assert.Equal("v22", device.Slots.Active?.Ref.Version);
        device.Inspect(1, challengerError: "It broke.");
        await device.ReachAsync(Failed);
        Assert.True(File.Exists(Path.Combine(rig.Data, "models", first.Model.Digest + ".cvmodel")));
        device.Loop.Want(new TwinDesired { Version = 4, Model = first });
        await device.ReachAsync(RolledBack);
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
    }

    [Fact]
    public async Task A_restart_brings_it_back_into_the_shadow()
    {
        await using var rig = await Rig();
        await using (var device = await InShadowAsync(rig, Shadow(rig.Publish("v22")))) device.Inspect(9);
        File.Delete(rig.Folder["v22.cvmodel"]);
        await using var again = rig.Start();
        await again.StartAsync();
        await ReportAsync(again, shadow => shadow?.Model.Version == "v22");
        again.Inspect(9);
        Assert.Equal("v1", again.Slots.Active?.Ref.Version);
    }

    [Fact]
    public async Task A_shadow_that_kills_the_agent_three_times_has_failed_and_the_champion_goes_on()
    {
        await using var rig = await Rig();
        await using (await InShadowAsync(rig, Shadow(rig.Publish("v22")))) { }
        for (var death = 1; death <= UpdateJournal.DeathLimit; death++)
        {
            Rewrite(rig, record => record with { State = Shadowing });
            await using var again = rig.Start();
            await again.StartAsync();
            if (death < UpdateJournal.DeathLimit) await ReportAsync(again, shadow => shadow?.Model.Version == "v22");
            else
            {
                await again.ReachAsync(Failed);
                Assert.StartsWith("The agent ended while the update was in the state Shadowing, 3 times", again.Loop.Report.Reason, StringComparison.Ordinal);
            }
            Assert.Equal("v1", again.Slots.Active?.Ref.Version);
        }
    }

    [Fact]
    public async Task Deaths_of_a_shadow_that_had_lived_on_are_the_devices_own()
    {
        await using var rig = await Rig();
        await using (await InShadowAsync(rig, Shadow(rig.Publish("v22")))) { }
        var proven = UpdateMachine.Next(Shadowing, UpdateEvent.Proven);
        Assert.Equal(Shadowing, proven);
        var journal = UpdateJournal.Open(rig.Journal);
        journal.Save(journal.Current with { State = Shadowing, Deaths = 2, Saves = 30 });
        journal.Save(journal.Current with { Deaths = 0, Saves = 0 });
        Assert.Equal((0, 0), (journal.Current.Deaths, journal.Current.Saves));
        Assert.True(UpdateJournal.Open(rig.Journal).Current is { State: RollingBack, TryAgain: true, Deaths: 1 });
    }

    [Fact]
    public async Task A_shadow_that_predicts_nothing_any_more_has_failed()
    {
        await using var rig = await Rig();
        await using var device = await InShadowAsync(rig, Shadow(rig.Publish("v22")));
        device.Inspect(9);
        await ReportAsync(device, shadow => shadow is { Frames: 9 });
        device.Inspect(19, challengerError: "It broke.");
        device.Inspect(1);
        device.Inspect(20, challengerError: "It broke.");
        await device.ReachAsync(Failed);
        Assert.Equal("Beside the model in charge: The new model gave no prediction for 20 frames on end.", device.Loop.Report.Reason);
        Assert.Equal(("v1", null), (device.Slots.Active?.Ref.Version, device.Loop.Report.Shadow));
    }

    [Fact]
    public async Task A_shadow_that_fails_its_golden_vectors_never_sees_a_frame()
    {
        await using var rig = await Rig();
        await using var device = rig.Start();
        await device.StartAsync();
        await device.UpdateAsync(1, rig.Publish("v1"));
        rig.Publish("v22");
        var bad = rig.Repack("v22", parts => parts with { Golden = parts.Golden with { Vectors = [.. parts.Golden.Vectors.Select(vector => vector with { Decoded = vector.Decoded with { Class = "other" } })] } });
        device.Loop.Want(new TwinDesired { Version = 2, Model = Shadow(bad) });
        await device.ReachAsync(Failed);
        Assert.StartsWith("The self-test on this device failed", device.Loop.Report.Reason, StringComparison.Ordinal);
        Assert.Equal(("v1", null), (device.Slots.Active?.Ref.Version, device.Slots.Shadow?.Ref.Version));
    }

    [Fact]
    public async Task A_device_without_a_model_in_charge_refuses_a_shadow()
    {
        await using var rig = await Rig();
        await using var device = rig.Start();
        await device.StartAsync();
        device.Loop.Want(new TwinDesired { Version = 1, Model = Shadow(rig.Publish("v22")) });
        await device.ReachAsync(Failed);
        Assert.Equal("No model is in charge of this device, so there is nothing to be in shadow of.", device.Loop.Report.Reason);
        Assert.Null(device.Slots.Active);
    }

    [Fact]
    public async Task An_update_on_its_way_becomes_a_shadow_when_the_twin_changes_its_mind_before_the_swap()
    {
        await using var rig = await Rig();
        var challenger = rig.Publish("v22");
        await using var device = rig.Start();
        await device.StartAsync();
        await device.UpdateAsync(1, rig.Publish("v1"));
        device.Loop.Want(new TwinDesired { Version = 2, Model = challenger });
        await Eventually.Async(() => device.Slots.AskShadow, UpdateRig.Deadline, () => $"{device.Loop.Report}", Ct);
        device.Loop.Want(new TwinDesired { Version = 3, Model = Shadow(challenger) });
        await ReportAsync(device, shadow => shadow?.Model.Version == "v22");
        device.Inspect(30);
        await ReportAsync(device, shadow => shadow is { Frames: >= 16 });
        Assert.Equal(("v1", Shadowing, 3), (device.Slots.Active?.Ref.Version, device.Loop.Report.State, device.Loop.DesiredVersion));
    }

    [Fact]
    public async Task A_line_that_leaves_no_time_keeps_the_shadow_waiting_and_counts_what_it_skipped()
    {
        await using var rig = await UpdateRig.CreateAsync(options => options with { ShadowFrames = 5, ShadowLimit = TimeSpan.FromMilliseconds(50) });
        await using var device = await InShadowAsync(rig, Shadow(rig.Publish("v22")));
        device.Inspect(7, shed: true);
        await ReportAsync(device, shadow => shadow is { Frames: 0, Skipped: 7 });
        Assert.Equal("the line to leave time for a model in shadow", device.Loop.Report.Wait?.For);
        Assert.Equal("v1", device.Slots.Active?.Ref.Version);
    }

    private static Task<UpdateRig> Rig() => UpdateRig.CreateAsync(options => options with { ShadowFrames = 5, ShadowLimit = TimeSpan.FromMinutes(10) });

    private static DesiredModel Shadow(DesiredModel model) => model with { Stage = ModelStage.Shadow };

    private static async Task<UpdateDevice> InShadowAsync(UpdateRig rig, DesiredModel challenger, DesiredModel? champion = null)
    {
        var device = rig.Start();
        await device.StartAsync();
        await device.UpdateAsync(1, champion ?? rig.Publish("v1"));
        device.Loop.Want(new TwinDesired { Version = 2, Model = challenger });
        await Eventually.Async(() => device.Slots.AskShadow, UpdateRig.Deadline, () => $"{device.Loop.Report}", Ct);
        return device;
    }

    private static async Task ThroughTrialAsync(UpdateDevice device)
    {
        await Eventually.Async(() => device.Slots.AskShadow, UpdateRig.Deadline, () => $"{device.Loop.Report}", Ct);
        device.Inspect(5);
        await device.ReachAsync(Soaking);
    }

    private static Task ReportAsync(UpdateDevice device, Func<ReportedShadow?, bool> says) =>
        Eventually.Async(() => says(device.Loop.Report.Shadow), UpdateRig.Deadline, () => $"{device.Loop.Report}; walked {string.Join(", ", device.States)}", Ct);

    private static void Rewrite(UpdateRig rig, Func<UpdateRecord, UpdateRecord> change)
    {
        var record = UpdateJournal.Peek(rig.Journal)!;
        File.WriteAllBytes(rig.Journal, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(change(record), UpdateJson.Default.UpdateRecord));
    }
}
