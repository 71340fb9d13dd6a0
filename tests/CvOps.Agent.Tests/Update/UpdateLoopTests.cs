using CvOps.Agent.Update;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using static CvOps.Contracts.Twin.UpdateState;

namespace CvOps.Agent.Tests.Update;

public sealed class UpdateLoopTests
{
    [Fact]
    public async Task A_new_model_is_fetched_verified_tested_soaked_and_committed()
    {
        await using var rig = await UpdateRig.CreateAsync();
        await using var device = rig.Start();
        await device.StartAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        await device.UpdateAsync(1, v1);
        await device.UpdateAsync(2, v2);
        Assert.Equal([.. Clean, .. Clean], device.States);
        Assert.Equal(v2.Model, device.Slots.Active?.Ref);
        Assert.Equal(v1.Model, device.Slots.Shadow?.Ref);
        Assert.False(device.Slots.AskShadow);
    }

    private static readonly UpdateState[] Clean = [Downloading, Verifying, Preparing, SelfTesting, Shadowing, Swapping, Soaking, Committed];

    [Fact]
    public async Task The_previous_model_returns_at_once_when_the_fleet_asks_for_it()
    {
        await using var rig = await UpdateRig.CreateAsync();
        await using var device = rig.Start();
        await device.StartAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22", compare: true));
        await device.UpdateAsync(1, v1);
        await device.UpdateAsync(2, v2);
        Assert.True(device.Slots.AskShadow);
        var warm = device.Slots.Shadow;
        File.Delete(rig.Folder["v1.cvmodel"]);
        device.Loop.Want(new TwinDesired { Version = 3, Model = v1 });
        await device.ReachAsync(RolledBack);
        Assert.Same(warm, device.Slots.Active);
        Assert.Null(device.Slots.Shadow);
        Assert.Equal(v2.Model.Digest, device.Loop.Report.Target);
    }

    [Fact]
    public async Task A_soak_with_errors_brings_the_old_model_back()
    {
        await using var rig = await UpdateRig.CreateAsync();
        await using var device = rig.Start();
        await device.StartAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        await device.UpdateAsync(1, v1);
        device.Loop.Want(new TwinDesired { Version = 2, Model = v2 });
        await device.ReachAsync(Soaking);
        device.Inspect(2, "Output 'logits' is NaN.");
        await device.ReachAsync(RolledBack);
        Assert.Equal(v1.Model, device.Slots.Active?.Ref);
        Assert.Contains("no prediction", device.Loop.Report.Reason, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Bad_packages => new()
    {
        { "altered", "" },
        { "unknown signer", "unknown key" },
        { "not ONNX", "ONNX" },
        { "other digest", "digest" },
        { "absent", "404" },
        { "wrong size", "bytes" },
        { "golden vectors of another model", "self-test" },
    };

    [Theory, MemberData(nameof(Bad_packages))]
    public async Task A_bad_package_fails_in_one_sentence_and_the_old_model_stays(string what, string part)
    {
        await using var rig = await UpdateRig.CreateAsync();
        await using var device = rig.Start();
        await device.StartAsync();
        var v1 = rig.Publish("v1");
        await device.UpdateAsync(1, v1);
        var bad = Spoil(rig, what);
        device.Loop.Want(new TwinDesired { Version = 2, Model = bad });
        await device.ReachAsync(Failed);
        Assert.Equal(v1.Model, device.Slots.Active?.Ref);
        Assert.Equal(bad.Model.Digest, device.Loop.Report.Target);
        Assert.Contains(part, device.Loop.Report.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.False(File.Exists(Path.Combine(rig.Data, "models", bad.Model.Digest + ".cvmodel")));

        // The same document again changes nothing; a newer one tries again.
        var walked = device.States.Count;
        device.Loop.Want(new TwinDesired { Version = 2, Model = bad });
        device.Loop.Want(new TwinDesired { Version = 3, Model = rig.Publish("v333") });
        await device.ReachAsync(Soaking);
        Assert.Equal(Downloading, device.States[walked]);
    }

    // One row a state the agent may be killed in with v1 committed and v2 on its way: the state it comes to rest in, and the model in charge.
    public static TheoryData<UpdateState, UpdateState, string> Killed_in => new()
    {
        { Idle, Idle, "v1" },
        { Downloading, Soaking, "v22" },
        { Verifying, Soaking, "v22" },
        { Preparing, Soaking, "v22" },
        { SelfTesting, Soaking, "v22" },
        { Shadowing, Soaking, "v22" },
        { Swapping, Soaking, "v22" },
        { Soaking, Soaking, "v22" },
        { RollingBack, RolledBack, "v1" },
        { RolledBack, RolledBack, "v1" },
        { Failed, Failed, "v1" },
    };

    [Theory, MemberData(nameof(Killed_in))]
    public async Task A_kill_at_the_entry_of_a_state_leaves_the_old_model_in_charge(UpdateState killedIn, UpdateState rest, string inCharge)
    {
        await using var rig = await UpdateRig.CreateAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        rig.OnDisk(v1);
        if (killedIn is not (Idle or Downloading)) rig.OnDisk(v2);
        UpdateJournal.Open(rig.Journal).Save(new UpdateRecord { State = killedIn, DesiredVersion = 2, Active = v1.Model, Target = v2 });

        await using var device = rig.Start();
        await device.StartAsync();
        await device.ReachAsync(rest);
        Assert.Equal(inCharge, device.Slots.Active?.Ref.Version);
        Assert.Equal("v1", device.Journal.Current.Active?.Version);
    }

    [Theory]
    [InlineData(Preparing), InlineData(SelfTesting), InlineData(Shadowing), InlineData(Swapping), InlineData(Soaking)]
    public async Task A_model_the_process_died_with_three_times_is_not_tried_again_until_the_desired_version_rises(UpdateState killedIn)
    {
        await using var rig = await UpdateRig.CreateAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        rig.OnDisk(v1);
        rig.OnDisk(v2);
        UpdateJournal.Open(rig.Journal).Save(new UpdateRecord { State = killedIn, DesiredVersion = 2, Active = v1.Model, Target = v2, Deaths = UpdateJournal.DeathLimit - 1 });
        await using var device = rig.Start();
        await device.StartAsync();
        await device.ReachAsync(RolledBack);
        Assert.Equal([RolledBack], device.States);
        Assert.Equal($"The agent ended while the update was in the state {killedIn}, 3 times with this model.", device.Loop.Report.Reason);
        device.Loop.Want(new TwinDesired { Version = 2, Model = v2 });
        device.Loop.Want(new TwinDesired { Version = 3, Model = v2 });
        await device.ReachAsync(Soaking);
        Assert.Equal([RolledBack, .. Clean[..^1]], device.States);
        Assert.Equal(0, device.Journal.Current.Deaths);
    }

    [Fact]
    public async Task An_agent_that_is_told_to_stop_goes_on_with_its_update_at_the_next_start_and_blames_nobody()
    {
        await using var rig = await UpdateRig.CreateAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        await using (var first = rig.Start())
        {
            await first.StartAsync();
            await first.UpdateAsync(1, v1);
            first.Loop.Want(new TwinDesired { Version = 2, Model = v2 });
            await first.ReachAsync(Soaking);
        }
        await using var second = rig.Start();
        Assert.Equal(Verifying, second.Journal.Current.State);
        await second.StartAsync();
        await second.ReachAsync(Soaking);
        Assert.Equal([Preparing, SelfTesting, Shadowing, Swapping, Soaking], second.States);
        Assert.Equal(0, second.Journal.Current.Deaths);
        second.Inspect(3);
        await second.ReachAsync(Committed);
    }

    [Fact]
    public void Deaths_of_an_update_are_no_unproven_starts_of_the_model_in_charge()
    {
        var v1 = new ModelRef("tiny", "v1", new string('a', 64));
        var record = new UpdateRecord { State = Soaking, Active = v1, Previous = v1, UnprovenStarts = UpdateJournal.UnprovenStartLimit, Deaths = UpdateJournal.DeathLimit - 1 };
        var after = UpdateJournal.AfterRestart(record);
        Assert.Equal((RollingBack, 0, false), (after.State, after.UnprovenStarts, after.TryAgain));
        Assert.Equal(v1, UpdateJournal.AfterRestart(after with { State = RolledBack }).Active);
    }

    [Fact]
    public async Task A_committed_model_that_is_damaged_while_an_update_is_under_way_gives_way_to_the_previous_one()
    {
        await using var rig = await UpdateRig.CreateAsync();
        var (v0, v1, v2) = (rig.Publish("v0"), rig.Publish("v1"), rig.Publish("v22"));
        foreach (var model in new[] { v0, v1, v2 }) rig.OnDisk(model);
        UpdateRig.Flip(Path.Combine(rig.Data, "models", v1.Model.Digest + ".cvmodel"));
        UpdateJournal.Open(rig.Journal).Save(new UpdateRecord { State = Soaking, DesiredVersion = 2, Active = v1.Model, Previous = v0.Model, Target = v2, Deaths = 2 });
        await using var device = rig.Start();
        await device.StartAsync();
        await device.ReachAsync(RolledBack);
        Assert.Equal(v0.Model, device.Slots.Active?.Ref);
        Assert.Equal(v0.Model, device.Journal.Current.Active);
    }

    [Fact]
    public async Task After_three_starts_that_ended_early_the_previous_model_boots()
    {
        await using var rig = await UpdateRig.CreateAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        rig.OnDisk(v1);
        rig.OnDisk(v2);
        UpdateJournal.Open(rig.Journal).Save(new UpdateRecord { State = Committed, DesiredVersion = 2, Active = v2.Model, Previous = v1.Model, Target = v2 });
        for (var crash = 1; crash <= UpdateJournal.UnprovenStartLimit; crash++)
        {
            var journal = UpdateJournal.Open(rig.Journal);
            Assert.Equal("v22", journal.Current.Active?.Version);
            journal.Save(journal.Current with { UnprovenStarts = journal.Current.UnprovenStarts + 1 });
        }
        await using var device = rig.Start();
        await device.StartAsync();
        await device.ReachAsync(RolledBack);
        Assert.Equal(v1.Model, device.Slots.Active?.Ref);
        Assert.Contains("3 times", device.Loop.Report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_committed_model_that_was_altered_on_disk_gives_way_to_the_previous_one()
    {
        await using var rig = await UpdateRig.CreateAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        rig.OnDisk(v1);
        rig.OnDisk(v2);
        UpdateRig.Flip(Path.Combine(rig.Data, "models", v2.Model.Digest + ".cvmodel"));
        UpdateJournal.Open(rig.Journal).Save(new UpdateRecord { State = Committed, DesiredVersion = 2, Active = v2.Model, Previous = v1.Model, Target = v2 });
        await using var device = rig.Start();
        await device.StartAsync();
        await device.ReachAsync(RolledBack);
        Assert.Equal(v1.Model, device.Slots.Active?.Ref);
    }

    [Fact]
    public async Task A_first_start_takes_the_configured_package_and_remembers_it()
    {
        await using var rig = await UpdateRig.CreateAsync();
        var v1 = rig.Publish("v1");
        await using (var first = rig.Start(rig.Folder["v1.cvmodel"])) await first.StartAsync();
        await using var second = rig.Start();
        await second.StartAsync();
        Assert.Equal(v1.Model, second.Slots.Active?.Ref);
    }

    [Fact]
    public async Task A_first_start_that_cannot_note_its_model_inspects_all_the_same()
    {
        await using var rig = await UpdateRig.CreateAsync();
        var v1 = rig.Publish("v1");
        Directory.CreateDirectory(rig.Journal + ".new");
        await using var device = rig.Start(rig.Folder["v1.cvmodel"]);
        await device.StartAsync();
        Assert.Equal(v1.Model, device.Slots.Active?.Ref);
    }

    [Fact]
    public void An_update_that_keeps_dying_is_given_up()
    {
        var record = new UpdateRecord { State = Downloading, Saves = UpdateJournal.SaveLimit };
        Assert.Equal(RollingBack, UpdateJournal.AfterRestart(record).State);
        Assert.Equal(Downloading, UpdateJournal.AfterRestart(record with { Saves = UpdateJournal.SaveLimit - 1 }).State);
    }

    [Theory]
    [InlineData("{\"format\":99,\"state\":\"Idle\"}")]
    [InlineData("{\"format\":1,\"sta")]
    public void A_journal_that_cannot_be_used_is_kept_aside(string content)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["update.json"], content);
        var journal = UpdateJournal.Open(folder["update.json"]);
        Assert.NotNull(journal.Problem);
        Assert.Equal(Idle, journal.Current.State);
        Assert.Equal(content, File.ReadAllText(folder["update.json.unreadable"]));
    }

    [Fact]
    public async Task A_disk_that_refuses_the_journal_holds_the_update_up_and_not_the_inspection()
    {
        await using var rig = await UpdateRig.CreateAsync();
        var (v1, v2) = (rig.Publish("v1"), rig.Publish("v22"));
        rig.OnDisk(v1);
        UpdateJournal.Open(rig.Journal).Save(new UpdateRecord { Active = v1.Model });
        await using var device = rig.Start();
        Refuse();
        await device.StartAsync();
        Assert.Equal(v1.Model, device.Slots.Active?.Ref);
        device.Loop.Want(new TwinDesired { Version = 1, Model = v2 });
        await device.SaysAsync("cannot be written");
        Assert.Equal(Idle, device.Loop.Report.State);
        Allow();
        await device.ReachAsync(Soaking);

        // The soak is over, and that can't be noted: it is tried again.
        Refuse();
        device.Inspect(3);
        await device.SaysAsync("cannot be written");
        Assert.Equal(Soaking, device.Loop.Report.State);
        Assert.Equal(v2.Model, device.Slots.Active?.Ref);
        Allow();
        await device.ReachAsync(Committed);
        Refuse();
        await device.DisposeAsync();
        Assert.Equal("v22", UpdateJournal.Open(rig.Journal).Current.Active?.Version);

        // A folder where the journal's next content goes first.
        void Refuse()
        {
            File.Delete(rig.Journal + ".new");
            Directory.CreateDirectory(rig.Journal + ".new");
        }

        void Allow() => Directory.Delete(rig.Journal + ".new");
    }

    private static DesiredModel Spoil(UpdateRig rig, string what)
    {
        if (what == "unknown signer")
        {
            using var stranger = SigningKeys.Create();
            return rig.Publish("v22", stranger);
        }
        var good = rig.Publish("v22");
        var path = rig.Folder["v22.cvmodel"];
        switch (what)
        {
            case "altered": UpdateRig.Flip(path); return good;
            case "other digest": return good with { Model = good.Model with { Digest = new string('a', 64) } };
            case "absent": File.Delete(path); return good;
            case "wrong size": return good with { Bytes = good.Bytes - 1 };
            case "not ONNX": return rig.Repack("v22", parts => parts with { Onnx = "this is no model"u8.ToArray() });
            case "golden vectors of another model": return rig.Repack("v22", parts => parts with { Onnx = TinyOnnx.MeanColourClassifier(8, 8, [0, 5, 5, 0, 1, 9], [3, 0]) });
            default: throw new ArgumentOutOfRangeException(nameof(what), what, "No such spoiling.");
        }
    }
}
