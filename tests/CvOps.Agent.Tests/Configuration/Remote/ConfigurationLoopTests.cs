using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Sampling;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using static CvOps.Contracts.Twin.ConfigurationState;

namespace CvOps.Agent.Tests.Configuration.Remote;

[Trait("tier", "integration")]
public sealed class ConfigurationLoopTests : IDisposable
{
    private const string Settings = "cameras: [{ id: b, stale-after-seconds: 4 }]\nsampling: { frames-per-hour: 60 }\ndrift: { window-frames: 20 }\nupdate: { soak-frames: 9 }\n";

    private readonly ConfigurationRig _rig = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Settings_take_effect_on_a_running_line_and_the_other_camera_loses_no_frame()
    {
        await using var device = new ConfiguredDevice(_rig);
        await device.StartAsync();
        Assert.Equal(None, device.Loop.Report.State);
        device.Want(1, Settings);
        await device.ReachAsync(Committed);
        Assert.Equal([Applying, Soaking, Committed], device.States);
        Assert.Equal((4, 60, 20, 9), (device.Camera("b").StaleAfter.TotalSeconds, device.Sampling.Now.FramesPerHour, device.Drift.Now.WindowFrames, device.Update.Now.SoakFrames));
        Assert.Equal(60 - 6 - 15, device.Budget.PerHour(SamplingPurse.Common));
        var report = device.Loop.Report;
        Assert.Equal((DesiredConfiguration.DigestOf(Settings), null, DesiredConfiguration.DigestOf(Settings), null), (report.Active, report.Previous, report.Target, report.Reason));
        // Camera b was connected again; a runs on, and what it gave is whole.
        Assert.Equal([1, 2], device.Frames["b"].Select(frame => frame.Connection).Distinct());
        var a = device.Frames["a"].ToArray();
        Assert.Equal(Enumerable.Range(0, a.Length).Select(i => (1, (long)i)), a);

        device.Want(2, null);
        await device.ReachAsync(None);
        Assert.Equal((2, 120, null), (device.Camera("b").StaleAfter.TotalSeconds, device.Sampling.Now.FramesPerHour, device.Loop.Report.Active));
        Assert.Equal(DesiredConfiguration.DigestOf(Settings), device.Loop.Report.Previous);
    }

    [Fact]
    public async Task Settings_that_blind_a_camera_are_taken_back()
    {
        await using var device = new ConfiguredDevice(_rig);
        await device.StartAsync();
        device.Want(1, Settings);
        await device.ReachAsync(Committed);
        // The video's pictures are larger: camera b gives none any more.
        device.Want(2, Settings.Replace("stale-after-seconds: 4", "stale-after-seconds: 4, max-megapixels: 0.01", StringComparison.Ordinal));
        await device.ReachAsync(RolledBack);
        Assert.StartsWith("Camera b gave ", device.Loop.Report.Reason, StringComparison.Ordinal);
        Assert.Equal(DesiredConfiguration.DigestOf(Settings), device.Loop.Report.Active);
        Assert.Equal((4, 64), (device.Camera("b").StaleAfter.TotalSeconds, device.Camera("b").MaxMegapixels));
        var before = device.Frames["b"].Count;
        await Eventually.Async(() => device.Frames["b"].Count > before + 5, ConfigurationRig.Deadline, () => $"{device.Frames["b"].Count} frames of b", Ct);
        // The same order is not tried again on a newer document; under another rollout it is.
        device.Want(3, Settings.Replace("stale-after-seconds: 4", "stale-after-seconds: 4, max-megapixels: 0.01", StringComparison.Ordinal));
        device.Want(4, Settings, "rollout-2");
        await device.ReachAsync(Committed);
        Assert.Equal([Applying, Soaking, Committed, Applying, Soaking, RollingBack, RolledBack, Committed], device.States);
    }

    [Fact]
    public async Task Settings_with_mistakes_are_refused_as_a_whole()
    {
        await using var device = new ConfiguredDevice(_rig);
        await device.StartAsync();
        device.Want(1, "sampling: { frames-per-hour: 60 }\ndrift: { window-frames: none }\nhealth: { listen: off }\n");
        await device.ReachAsync(Refused);
        Assert.Equal("line 2, drift.window-frames: 'none' is not a whole number\nline 3, health: it can't be set from afar; cameras, drift, sampling, tracking, update and zones can", device.Loop.Report.Reason);
        Assert.Equal((120, 50, null), (device.Sampling.Now.FramesPerHour, device.Drift.Now.WindowFrames, device.Loop.Report.Active));
        device.Loop.Want(new TwinDesired { Version = 2, Configuration = new DesiredConfiguration(new string('a', 64), null, "drift: {}") });
        await Eventually.Async(() => device.Loop.Report.Reason?.StartsWith("The settings' digest is ", StringComparison.Ordinal) == true, ConfigurationRig.Deadline, () => $"{device.Loop.Report}", Ct);
        Assert.Equal(Refused, device.Loop.Report.State);
    }

    [Fact]
    public async Task What_was_refused_is_looked_at_anew_when_the_fleet_makes_another_attempt()
    {
        await using var device = new ConfiguredDevice(_rig);
        await device.StartAsync();
        device.Want(1, "sampling: { frames-per-hour: none }\n", "rollout-1");
        await device.ReachAsync(Refused);
        var first = device.Loop.Report.Since;
        device.Loop.Want(new TwinDesired { Version = 2, Configuration = DesiredConfiguration.Of("sampling: { frames-per-hour: none }\n", "rollout-1") with { Attempt = 1 } });
        await Eventually.Async(() => device.Loop.Report is { State: Refused } report && report.Since > first, ConfigurationRig.Deadline, () => $"{device.Loop.Report}, refused first at {first:O}", Ct);
    }

    [Fact]
    public async Task An_order_and_a_persons_word_that_could_not_be_written_down_are_followed_when_they_can()
    {
        var heard = new HeardLog();
        await using var device = new ConfiguredDevice(_rig, heard);
        await device.StartAsync();
        // In the way of the journal's next content.
        var inTheWay = ConfigurationJournal.PathIn(_rig.Folder["data"]) + ".new";
        await RefusedAsync(() => device.Want(1, Settings));
        await device.ReachAsync(Committed);
        await RefusedAsync(() =>
        {
            _rig.Write("fleet-settings: false");
            device.Loop.FileChanged();
        });
        await device.ReachAsync(Overruled);

        async Task RefusedAsync(Action order)
        {
            var before = Refusals();
            Directory.CreateDirectory(inTheWay);
            order();
            await Eventually.Async(() => Refusals() > before, ConfigurationRig.Deadline, () => string.Join('\n', heard.Lines), Ct);
            Directory.Delete(inTheWay);
        }

        int Refusals() => heard.Lines.Count(line => line.StartsWith("The state of the configuration cannot be written", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restart_comes_up_with_what_was_in_force()
    {
        await using (var device = new ConfiguredDevice(_rig))
        {
            await device.StartAsync();
            device.Want(1, Settings);
            await device.ReachAsync(Committed);
        }
        await using var again = new ConfiguredDevice(_rig);
        Assert.Equal((60, 20), (again.Sampling.Now.FramesPerHour, again.Drift.Now.WindowFrames));
        await again.StartAsync();
        Assert.Equal(4, again.Camera("b").StaleAfter.TotalSeconds);
        again.Want(1, Settings);
        again.Want(2, Settings, "rollout-2");
        await Eventually.Async(() => again.Journal.Current.Active?.Rollout == "rollout-2", ConfigurationRig.Deadline, () => $"{again.Journal.Current}", Ct);
        Assert.Equal(Committed, again.Loop.Report.State);
    }

    [Fact]
    public async Task A_kill_while_settings_soak_tries_them_again_and_three_kills_take_them_back()
    {
        // It is still soaking when it is killed, however slow the machine is.
        using var rig = new ConfigurationRig { Times = new ConfigurationTimes { Measure = TimeSpan.FromSeconds(0.4), Soak = TimeSpan.FromMinutes(5), Patience = TimeSpan.FromSeconds(2), Look = TimeSpan.FromMilliseconds(50) } };
        for (var life = 1; life <= ConfigurationJournal.DeathLimit; life++)
        {
            await using var device = new ConfiguredDevice(rig);
            // What was not proven is not what it comes up with.
            Assert.Equal(120, device.Sampling.Now.FramesPerHour);
            await device.StartAsync();
            if (life == 1) device.Want(1, Settings);
            await device.ReachAsync(Soaking);
        }
        await using var last = new ConfiguredDevice(rig);
        await last.StartAsync();
        Assert.Equal((RolledBack, null, "The agent ended 3 times while this configuration was soaking."), (last.Loop.Report.State, last.Loop.Report.Active, last.Loop.Report.Reason));
        Assert.Equal(120, last.Sampling.Now.FramesPerHour);
    }

    [Fact]
    public async Task Three_kills_while_settings_are_applied_take_them_back_too()
    {
        using var rig = new ConfigurationRig { Times = new ConfigurationTimes { Measure = TimeSpan.FromMinutes(5) } };
        for (var life = 1; life <= ConfigurationJournal.DeathLimit; life++)
        {
            await using var device = new ConfiguredDevice(rig);
            await device.StartAsync();
            if (life == 1) device.Want(1, Settings);
            ConfigurationRecord? kept = null;
            await Eventually.Async(() => (kept = ConfigurationJournal.Peek(ConfigurationJournal.PathIn(rig.Folder["data"]))) is { State: Applying } && kept.Deaths == life - 1, ConfigurationRig.Deadline, () => $"life {life}: {kept}", Ct);
        }
        await using var last = new ConfiguredDevice(rig);
        await last.StartAsync();
        Assert.Equal((RolledBack, "The agent ended 3 times while this configuration was applied."), (last.Loop.Report.State, last.Loop.Report.Reason));
    }

    [Fact]
    public async Task A_stop_while_settings_soak_is_no_death()
    {
        await using (var device = new ConfiguredDevice(_rig))
        {
            await device.StartAsync();
            device.Want(1, Settings);
            await device.ReachAsync(Soaking);
            await device.StopAsync();
        }
        await using var again = new ConfiguredDevice(_rig);
        Assert.Equal((Applying, 0), (again.Journal.Current.State, again.Journal.Current.Deaths));
        await again.StartAsync();
        await again.ReachAsync(Committed);
    }

    [Fact]
    public async Task A_person_at_the_device_has_the_last_word()
    {
        await using var device = new ConfiguredDevice(_rig);
        await device.StartAsync();
        device.Want(1, Settings);
        await device.ReachAsync(Committed);
        _rig.Write("fleet-settings: false\ndrift: { window-frames: 33 }");
        device.Loop.FileChanged();
        await device.ReachAsync(Overruled);
        await Eventually.Async(() => device.Drift.Now.WindowFrames == 33 && device.Sampling.Now.FramesPerHour == 120, ConfigurationRig.Deadline, () => $"{device.Drift.Now}", Ct);
        Assert.Equal("A person at the device has written 'fleet-settings: false' into its file.", device.Loop.Report.Reason);
        Assert.Null(device.Loop.Report.Active);
        var other = Settings + "# two\n";
        device.Want(2, other);
        await Eventually.Async(() => device.Loop.Report.Target == DesiredConfiguration.DigestOf(other), ConfigurationRig.Deadline, () => $"{device.Loop.Report}", Ct);
        Assert.Equal(Overruled, device.Loop.Report.State);
        _rig.Write();
        device.Loop.FileChanged();
        await device.ReachAsync(Committed);
        Assert.Equal((DesiredConfiguration.DigestOf(other), 20), (device.Loop.Report.Active, device.Drift.Now.WindowFrames));
    }

    [Fact]
    public async Task A_file_that_the_settings_no_longer_fit_holds_alone()
    {
        await using var device = new ConfiguredDevice(_rig);
        await device.StartAsync();
        device.Want(1, Settings);
        await device.ReachAsync(Committed);
        File.WriteAllText(_rig.Path, (await File.ReadAllTextAsync(_rig.Path, Ct)).Replace("id: b", "id: c", StringComparison.Ordinal));
        device.Loop.FileChanged();
        await device.ReachAsync(Refused);
        Assert.Contains("there is no camera 'b' here; there are a, c.", device.Loop.Report.Reason, StringComparison.Ordinal);
        await Eventually.Async(() => device.Cameras.Any(camera => camera.Lane.Camera.Value == "c"), ConfigurationRig.Deadline, () => "no camera c", Ct);
        Assert.Equal((null, 120), (device.Loop.Report.Active, device.Sampling.Now.FramesPerHour));
    }

    [Fact]
    public async Task A_journal_that_cannot_be_read_leaves_the_file_alone_in_force()
    {
        Directory.CreateDirectory(_rig.Folder["data"]);
        await File.WriteAllTextAsync(_rig.Folder["data", "configuration.json"], "{ torn", Ct);
        await using var device = new ConfiguredDevice(_rig);
        await device.StartAsync();
        device.Want(1, Settings);
        await device.ReachAsync(Committed);
        Assert.True(File.Exists(_rig.Folder["data", "configuration.json.unreadable"]));
    }

    public void Dispose() => _rig.Dispose();
}
