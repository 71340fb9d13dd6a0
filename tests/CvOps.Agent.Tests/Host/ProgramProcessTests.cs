using CvOps.Agent.Programs;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary>
/// The agent becomes another program: real processes, real packages of the built agent, and programs that die or hang. The test stands where systemd does: it starts again what has ended,
/// and kills what hangs.
/// </summary>
[Trait("tier", "integration"), Collection("agent process"), System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ProgramProcessTests
{
    /// <summary>A change is four starts of the agent; a machine with other work takes ten seconds for one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The agent as its own project is built.</summary>
    private static string Built => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "CvOps.Agent", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))));

    [Fact]
    public async Task A_good_program_takes_over_under_the_same_process_number_and_nothing_inspected_is_lost()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await StartInspectingAsync(rig);
        Assert.Equal((ProgramState.Idle, null, ProgramLaunch.OfThisProcess().InstalledVersion), (Reported(rig)?.State, Reported(rig)?.Slot, Reported(rig)?.Version));
        await WantAsync(rig, 1, rig.Packages.PublishProgram("2.0.0", Built));
        await RestsAsync(rig, ProgramState.Committed, agent);
        Assert.Equal(("2.0.0", "a", "2.0.0", (string?)null), (Reported(rig)?.Version, Reported(rig)?.Slot, Reported(rig)?.TargetVersion, Reported(rig)?.Reason));
        Assert.Contains("starting 2.0.0 from slot A, start 1 of 2 on trial", agent.Process.Output, StringComparison.Ordinal);
        Assert.Contains("/program/a/files/cvops-agent.dll", await File.ReadAllTextAsync($"/proc/{agent.Process.Id}/cmdline", Token), StringComparison.Ordinal);
        await ArrivedAsync(rig, 10, agent);

        // The next one goes into the other slot, and a start later it is still there.
        await WantAsync(rig, 2, rig.Packages.PublishProgram("3.0.0", Built));
        await UntilAsync(rig, () => Reported(rig) is { State: ProgramState.Committed, Version: "3.0.0", Slot: "b" }, agent);
        await ArrivedAsync(rig, 10, agent);
        Assert.Equal(0, await agent.Process.StopAsync(Patience, Token));
        await using var again = rig.Start();
        await UntilAsync(rig, () => rig.Fleet.Origins(4).Length > 5, again);
        Assert.Equal(("3.0.0", ProgramState.Committed), (Reported(rig)?.Version, Reported(rig)?.State));
        NothingIsLost(rig, 4);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(rig.Packages.Data, "program"), "*.cvagent"));
    }

    [Theory]
    [InlineData("dies", "exit 3", "never became ready, in 2 starts.")]
    [InlineData("hangs", "exec sleep 1000", "never became ready, in 2 starts.")]
    public async Task A_program_that_never_gets_ready_gives_way_to_the_one_before(string how, string act, string reason)
    {
        await using var rig = await AgentRig.CreateAsync();
        var bad = rig.Packages.PublishProgram("2.0.0", Script(rig, act));
        await using (var agent = await StartInspectingAsync(rig))
        {
            await WantAsync(rig, 1, bad);
            await EndAsync(agent);
        }
        await using (var second = rig.Start())
        {
            await second.Process.WaitForOutputAsync("start 2 of 2 on trial", Patience, Token);
            await EndAsync(second);
        }
        await using var back = rig.Start();
        await RestsAsync(rig, ProgramState.RolledBack, back);
        Assert.Equal((null, bad.Digest, $"2.0.0 {reason}"), (Reported(rig)?.Slot, Reported(rig)?.Target, Reported(rig)?.Reason));
        await ArrivedAsync(rig, 10, back);

        // The retained wish came again with the start: it is not tried again until somebody says so.
        await WantAsync(rig, 2, bad);
        await UntilAsync(rig, () => rig.Fleet.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported)[^1] is { DesiredVersion: 2, Program.State: ProgramState.RolledBack }, back);
        await WantAsync(rig, 3, bad with { Attempt = 1 });
        await EndAsync(back);
        NothingIsLost(rig, 2);

        async Task EndAsync(AgentProcess agent)
        {
            if (how == "hangs")
            {
                await agent.Process.WaitForOutputAsync("on trial", Patience, Token);
                await Eventually.Async(() => File.ReadAllText($"/proc/{agent.Process.Id}/cmdline").StartsWith("sleep", StringComparison.Ordinal), Patience, () => agent.Process.Output, Token);
                await agent.KillAloneAsync();
            }
            else
            {
                Assert.Equal(3, await agent.Process.WaitForExitAsync(Patience, Token));
            }
        }
    }

    [Fact]
    public async Task A_program_that_refuses_the_configuration_is_taken_back_with_its_own_words()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await StartInspectingAsync(rig);
        // It looked well at its check, and finds a mistake when it runs.
        var other = rig.Packages.Folder["elsewhere.yaml"];
        await File.WriteAllTextAsync(other, (await File.ReadAllTextAsync(rig.Packages.Folder["agent.yaml"], Token)).Replace("cameras:", "camera:", StringComparison.Ordinal), Token);
        var refused = rig.Packages.PublishProgram("2.0.1", Script(rig, $"exec '{TestProcess.DotNet}' exec '{AgentRig.Assembly}' --config '{other}'"));
        await WantAsync(rig, 1, refused);
        // 78 would be the end under systemd, which starts nothing again that says so.
        Assert.Equal(1, await agent.Process.WaitForExitAsync(Patience, Token));
        await using (var second = rig.Start()) Assert.Equal(1, await second.Process.WaitForExitAsync(Patience, Token));
        await using var back = rig.Start();
        await RestsAsync(rig, ProgramState.RolledBack, back);
        Assert.Contains("never became ready, in 2 starts; it said: ", Reported(rig)?.Reason, StringComparison.Ordinal);
        Assert.Contains("camera", Reported(rig)?.Reason, StringComparison.Ordinal);
        await ArrivedAsync(rig, 5, back);
    }

    [Fact]
    public async Task What_is_not_to_be_believed_or_cannot_run_here_changes_nothing()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await StartInspectingAsync(rig);
        using var stranger = SigningKeys.Create();
        var folder = Script(rig, "exit 3");
        var refusals = new (DesiredProgram Program, string Part)[]
        {
            (rig.Packages.PublishProgram("2.0.0", folder, stranger), "unknown key"),
            (rig.Packages.PublishProgram("2.0.1", folder, runtime: "linux-riscv64"), $"The program is for linux-riscv64; this device is {ProgramRule.ThisRuntime}."),
            (rig.Packages.PublishProgram("2.0.2", folder) with { Version = "9.9.9" }, "is of version 2.0.2, and 9.9.9 was wanted"),
            (rig.Packages.PublishProgram("2.0.3", Script(rig, "exit 3", check: "echo 'cameras: what is that?' >&2; exit 78")), "exit code 78): cameras: what is that?"),
            (rig.Packages.PublishProgram("2.0.4", folder) with { Bytes = Limits.ProgramPackageBytes + 1 }, "a device takes 1 to"),
            (rig.Packages.PublishProgram("2.0.5", folder) with { Url = new Uri("http://127.0.0.1:9/none") }, "could not be fetched in 1 attempts"),
        };
        Update.UpdateRig.Flip(rig.Packages.Folder["2.0.5.cvagent"]);
        for (var version = 1; version <= refusals.Length; version++)
        {
            var (program, part) = refusals[version - 1];
            await WantAsync(rig, version, program);
            await UntilAsync(rig, () => Reported(rig) is { State: ProgramState.Failed, Reason: { } reason } && reason.Contains(part, StringComparison.Ordinal), agent, () => $"{Reported(rig)}");
        }
        var damaged = rig.Packages.PublishProgram("2.0.6", folder);
        Update.UpdateRig.Flip(rig.Packages.Folder["2.0.6.cvagent"]);
        await WantAsync(rig, 100, damaged);
        await UntilAsync(rig, () => Reported(rig) is { State: ProgramState.Failed, TargetVersion: "2.0.6", Reason: not null }, agent, () => $"{Reported(rig)}");
        await ArrivedAsync(rig, 5, agent);
        Assert.All(rig.Fleet.Inspections(), inspection => Assert.Equal(1, inspection.Origin.Boot));
        Assert.DoesNotContain("on trial", agent.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_in_every_state_of_a_change_it_starts_again_and_the_change_goes_on()
    {
        await using var rig = await AgentRig.CreateAsync();
        rig.ProgramSoak = TimeSpan.FromSeconds(3);
        var program = rig.Packages.PublishProgram("2.0.0", Built);
        var journal = new ProgramFolder(rig.Packages.Data).JournalPath;
        var killed = new List<ProgramState>();
        var agent = await StartInspectingAsync(rig);
        await WantAsync(rig, 1, program);
        foreach (var state in (ProgramState[])[ProgramState.Downloading, ProgramState.Verifying, ProgramState.Unpacking, ProgramState.Checking, ProgramState.Waiting, ProgramState.Trial])
        {
            await Eventually.Async(() => ProgramJournal.Peek(journal)?.State is { } now && now != ProgramState.Idle && now >= state, Patience, () => agent.Process.Output, Token);
            await agent.KillAloneAsync();
            killed.Add(ProgramJournal.Peek(journal)!.State);
            await agent.DisposeAsync();
            agent = rig.Start();
        }
        await RestsAsync(rig, ProgramState.Committed, agent);
        Assert.Equal("2.0.0", Reported(rig)?.Version);
        await ArrivedAsync(rig, 5, agent);
        await agent.DisposeAsync();
        Assert.True(killed.Distinct().Count() >= 4, $"killed in {string.Join(", ", killed)} only");
    }

    [Fact]
    public async Task A_program_that_a_person_installs_wins_over_one_that_the_fleet_had_brought()
    {
        await using var rig = await AgentRig.CreateAsync();
        await BroughtAsync(rig);
        // What was installed when the slot was filled was another program than what is there now.
        var journal = ProgramJournal.Open(new ProgramFolder(rig.Packages.Data).JournalPath);
        journal.Save(journal.Current with { Over = "0.0.9+older 00000000000000000000000000000000" });
        await using var installed = rig.Start();
        await RestsAsync(rig, ProgramState.Overruled, installed);
        Assert.Equal((null, ProgramLaunch.OfThisProcess().InstalledVersion), (Reported(rig)?.Slot, Reported(rig)?.Version));
        Assert.Contains("in place of 0.0.9: it wins over 2.0.0", Reported(rig)?.Reason, StringComparison.Ordinal);
        await ArrivedAsync(rig, 5, installed);
    }

    [Fact]
    public async Task A_slot_that_is_damaged_is_not_started_and_the_installed_program_runs()
    {
        await using var rig = await AgentRig.CreateAsync();
        await BroughtAsync(rig);
        Update.UpdateRig.Flip(Path.Combine(rig.Packages.Data, "program", "a", "files", "CvOps.Contracts.dll"));
        await using var installed = rig.Start();
        await RestsAsync(rig, ProgramState.RolledBack, installed);
        Assert.Contains("CvOps.Contracts.dll was altered or damaged", Reported(rig)?.Reason, StringComparison.Ordinal);
        await ArrivedAsync(rig, 5, installed);
    }

    [Fact]
    public async Task A_program_brought_by_hand_waits_for_the_maintenance_window_and_a_person_may_say_now()
    {
        await using var rig = await AgentRig.CreateAsync();
        var closed = DateTimeOffset.UtcNow.AddHours(6);
        rig.Update = $"  windows: [{{ from: '{closed:HH:mm}', to: '{closed.AddHours(1):HH:mm}', time-zone: Etc/UTC }}]";
        await using var agent = await StartInspectingAsync(rig);
        rig.Packages.PublishProgram("2.0.0", Built);
        await using var import = TestProcess.StartAssembly(AgentRig.Assembly, ["import", rig.Packages.Folder["2.0.0.cvagent"], "--config", rig.Packages.Folder["agent.yaml"]]);
        await UntilAsync(rig, () => Reported(rig) is { State: ProgramState.Waiting, Wait.For: "the maintenance window" }, agent, () => import.Output);
        var now = DateTimeOffset.UtcNow;
        await rig.Fleet.CommandAsync(new Command("now-1", "update-now", now, now.AddMinutes(1), "test", null), Token);
        await RestsAsync(rig, ProgramState.Committed, agent);
        Assert.Equal(0, await import.WaitForExitAsync(Patience, Token));
        Assert.Contains("2.0.0 is in charge.", import.Output, StringComparison.Ordinal);

        await using var status = TestProcess.StartAssembly(AgentRig.Assembly, ["status", "--config", rig.Packages.Folder["agent.yaml"]]);
        Assert.Equal(0, await status.WaitForExitAsync(Patience, Token));
        Assert.Contains("2.0.0 from slot A; installed is", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_or_foreign_program_brought_by_hand_is_one_sentence_and_leaves_nothing_behind()
    {
        await using var rig = await AgentRig.CreateAsync();
        var configuration = rig.Configure();
        using var stranger = SigningKeys.Create();
        rig.Packages.PublishProgram("2.0.0", Script(rig, "exit 3"), stranger);
        rig.Packages.PublishProgram("2.0.1", Script(rig, "exit 3"), runtime: "linux-riscv64");
        foreach (var (version, part) in ((string, string)[])[("2.0.0", "is refused: it is signed by unknown key"), ("2.0.1", "is refused: The program is for linux-riscv64")])
        {
            await using var import = TestProcess.StartAssembly(AgentRig.Assembly, ["import", rig.Packages.Folder[$"{version}.cvagent"], "--config", configuration]);
            Assert.Equal(1, await import.WaitForExitAsync(Patience, Token));
            Assert.Contains(part, import.Output, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(rig.Packages.Data, "program")));
        }
    }

    /// <summary>A program of which nothing works but its look at the configuration.</summary>
    private static string Script(AgentRig rig, string act, string check = "exit 0")
    {
        var folder = rig.Packages.Folder[$"script-{Guid.NewGuid():N}"];
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "cvops-agent");
        File.WriteAllText(path, $"#!/bin/sh\nif [ \"$1\" = check ]; then {check}; fi\n{act}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return folder;
    }

    /// <summary>Each boot's frames and messages follow each other without a gap.</summary>
    private static void NothingIsLost(AgentRig rig, int boots)
    {
        for (var boot = 1; boot <= boots; boot++)
        {
            var frames = rig.Fleet.Inspections().Where(it => it.Origin.Boot == boot).Select(it => it.Frame).Distinct().Order().ToArray();
            Assert.NotEmpty(frames);
            Assert.Equal(Enumerable.Range(0, frames.Length).Select(frame => (long)frame), frames);
            foreach (var stream in rig.Fleet.Origins(boot).GroupBy(it => it.Stream))
                Assert.Equal(Enumerable.Range(1, stream.Count()).Select(sequence => (long)sequence), stream.Select(it => it.Sequence));
        }
    }

    /// <summary>2.0.0 is in charge from a slot, and the agent has been stopped.</summary>
    private static async Task BroughtAsync(AgentRig rig)
    {
        await using var agent = await StartInspectingAsync(rig);
        await WantAsync(rig, 1, rig.Packages.PublishProgram("2.0.0", Built));
        await RestsAsync(rig, ProgramState.Committed, agent);
        Assert.Equal(0, await agent.Process.StopAsync(Patience, Token));
    }

    private static async Task<AgentProcess> StartInspectingAsync(AgentRig rig)
    {
        var agent = rig.Start();
        await ArrivedAsync(rig, 5, agent);
        return agent;
    }

    /// <summary>Waits for this many further inspections.</summary>
    private static Task ArrivedAsync(AgentRig rig, int more, AgentProcess agent)
    {
        var wanted = rig.Fleet.Inspections().Count + more;
        return UntilAsync(rig, () => rig.Fleet.Inspections().Count >= wanted, agent);
    }

    private static Task UntilAsync(AgentRig rig, Func<bool> condition, AgentProcess agent, Func<string>? seen = null) => Eventually.Async(
        () => condition() || (agent.Process.HasExited ? throw new InvalidOperationException($"The agent ended with {agent.Process.ExitCode}: {agent.Process.Output}") : false),
        Patience, () => $"{seen?.Invoke()} {rig.Fleet.Inspections().Count} inspections; the agent says: {agent.Process.Output}", Token);

    private static Task WantAsync(AgentRig rig, long version, DesiredProgram program) =>
        rig.Fleet.SayAsync(AgentRig.Topics.TwinDesired, new TwinDesired { Version = version, Program = program }, ContractsJson.Default.TwinDesired, retain: true, Token);

    private static Task RestsAsync(AgentRig rig, ProgramState state, AgentProcess agent) => UntilAsync(rig, () => Reported(rig)?.State == state, agent, () => $"{Reported(rig)}");

    private static ReportedProgram? Reported(AgentRig rig) => rig.Fleet.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported) is [.., var twin] ? twin.Program : null;
}
