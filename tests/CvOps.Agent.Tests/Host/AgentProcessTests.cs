using CvOps.Agent.Spool;
using CvOps.Agent.Tests.Update;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Host;

/// <summary>The program itself, with a broker, a video and a model, in good times and bad.</summary>
[Trait("tier", "integration"), Collection("agent process")]
public sealed class AgentProcessTests
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(8);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Inspections_arrive_and_a_late_subscriber_finds_the_retained_documents()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await rig.StartInspectingAsync();
        await rig.ArrivedAsync(20, agent);
        var inspections = rig.Fleet.Inspections();
        Assert.Equal(Enumerable.Range(0, inspections.Count).Select(frame => (long)frame), inspections.Select(it => it.Frame));
        Assert.All(inspections, it => Assert.Equal(("v1", null, 1), (it.Model.Version, it.Error, it.Connection)));
        Assert.All(inspections, it => Assert.Contains(it.Prediction.Class, (string[])["good", "bad"]));

        using var late = new FleetSide(rig.Broker, AgentRig.Topics);
        await late.ListenAsync(Token);
        await rig.UntilAsync(() => late.On(AgentRig.Topics.Status, ContractsJson.Default.DeviceStatus).Count > 0 && late.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported).Count > 0, agent);
        Assert.Equal((Connectivity.Online, 1), (late.On(AgentRig.Topics.Status, ContractsJson.Default.DeviceStatus)[0].Connectivity, late.On(AgentRig.Topics.Status, ContractsJson.Default.DeviceStatus)[0].Boot));
        await rig.UntilAsync(() => late.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported)[^1] is { Model.Active.Version: "v1", Cameras: [{ Width: 160, Height: 90 }] }, agent);

        var child = Assert.Single(agent.Children());
        Assert.Equal(0, await agent.Process.StopAsync(StopDeadline, Token));
        await rig.UntilAsync(() => late.On(AgentRig.Topics.Status, ContractsJson.Default.DeviceStatus)[^1].Connectivity == Connectivity.Offline, agent);
        Assert.False(AgentProcess.Runs(child));
        Assert.DoesNotContain("fail:", agent.Process.Output, StringComparison.Ordinal);
    }

    [Fact, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task What_the_agent_writes_is_its_users_alone()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using (var agent = await rig.StartInspectingAsync()) Assert.Equal(0, await agent.Process.StopAsync(StopDeadline, Token));
        var written = Directory.EnumerateFileSystemEntries(rig.Packages.Data, "*", SearchOption.AllDirectories).ToList();
        Assert.Contains(written, path => path.EndsWith("update.json", StringComparison.Ordinal));
        Assert.Contains(written, path => path.EndsWith(".cvmodel", StringComparison.Ordinal));
        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.All(written, path => Assert.Equal(Directory.Exists(path) ? own | UnixFileMode.UserExecute : own, File.GetUnixFileMode(path)));
    }

    [Fact]
    public async Task A_broker_that_dies_and_an_agent_that_is_killed_lose_nothing()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var first = await rig.StartInspectingAsync();

        rig.Proxy.Cut();
        // What the broker acknowledged and had not passed on lives in its memory: that is its durability, not the agent's.
        await rig.Fleet.BarrierAsync(Token);
        await rig.Broker.KillAsync();
        await WaitsAsync(first, 30);
        await rig.Broker.RestartAsync(Token);
        await rig.Fleet.ListenAsync(Token);
        rig.Proxy.Restore();
        await rig.ArrivedAsync(40, first);

        rig.Proxy.Cut();
        await rig.Fleet.BarrierAsync(Token);
        var waiting = await WaitsAsync(first, 30);
        var child = Assert.Single(first.Children());
        await first.KillAloneAsync();
        await Eventually.Async(() => !AgentProcess.Runs(child), TimeSpan.FromSeconds(5), () => $"ffmpeg {child} outlived its agent", Token);
        var onDisk = OnDisk(rig);
        Assert.InRange(onDisk.Count, waiting, long.MaxValue);

        rig.Proxy.Restore();
        await using var second = rig.Start();
        await rig.UntilAsync(() => rig.Fleet.Origins(2).Length > 10 && rig.Fleet.Origins(1).Length >= onDisk.Count && !onDisk.Except(rig.Fleet.Origins(1)).Any(), second);
        var arrived = rig.Fleet.Origins(1);
        foreach (var stream in arrived.GroupBy(it => it.Stream))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(sequence => (long)sequence), stream.Select(it => it.Sequence));
        Assert.Equal(1, rig.Fleet.Origins(2)[0].Sequence);
        Assert.Equal(0, rig.Fleet.Healths[^1].Spool.EvictedMessages + rig.Fleet.Healths[^1].Spool.DeadLetters);
        var frames = rig.Fleet.Inspections().Where(it => it.Origin.Boot == 1).Select(it => it.Frame).Distinct().Order().ToArray();
        Assert.Equal(Enumerable.Range(0, frames.Length).Select(frame => (long)frame), frames);
    }

    [Fact]
    public async Task Killed_again_and_again_in_mid_stream_it_loses_no_message_it_had_on_disk()
    {
        const int Lives = 4;
        await using var rig = await AgentRig.CreateAsync();
        var onDisk = new List<Origin>();
        for (var boot = 1; boot <= Lives; boot++)
        {
            await using var agent = rig.Start();
            await rig.UntilAsync(() => rig.Fleet.Inspections().Count(it => it.Origin.Boot == boot) >= 3, agent);
            await agent.KillAloneAsync();
            onDisk.AddRange(OnDisk(rig));
        }
        await using var last = rig.Start();
        // Classes do not wait for each other: one may be at this boot when another still brings an earlier one.
        await rig.UntilAsync(() => rig.Fleet.Origins(Lives + 1).Length > 0 && !onDisk.Except(Enumerable.Range(1, Lives).SelectMany(boot => rig.Fleet.Origins(boot))).Any(), last);
        for (var boot = 1; boot <= Lives; boot++)
        {
            foreach (var stream in rig.Fleet.Origins(boot).GroupBy(it => it.Stream))
                Assert.Equal(Enumerable.Range(1, stream.Count()).Select(sequence => (long)sequence), stream.Select(it => it.Sequence));
        }
        Assert.Equal("v1", rig.Fleet.Inspections()[^1].Model.Version);
    }

    [Fact]
    public async Task A_desired_model_takes_over_between_two_frames_and_a_bad_one_changes_nothing()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await rig.StartInspectingAsync();
        await DesireAsync(1, rig.Packages.Publish("v22"));
        await RestAsync(1, UpdateState.Committed);
        await rig.UntilAsync(() => rig.Fleet.Inspections()[^1].Model.Version == "v22", agent);

        var altered = rig.Packages.Publish("v333");
        UpdateRig.Flip(rig.Packages.Folder["v333.cvmodel"]);
        await DesireAsync(2, altered);
        Assert.Equal(altered.Model.Digest, (await RestAsync(2, UpdateState.Failed)).Target);

        using var stranger = CvOps.Contracts.Packages.SigningKeys.Create();
        await DesireAsync(3, rig.Packages.Publish("v4444", stranger));
        Assert.Contains("unknown key", (await RestAsync(3, UpdateState.Failed)).Reason, StringComparison.OrdinalIgnoreCase);

        await rig.ArrivedAsync(10, agent);
        var inspections = rig.Fleet.Inspections();
        Assert.Equal(["v1", "v22"], inspections.Select(it => it.Model.Version).Distinct());
        Assert.Equal(Enumerable.Range(0, inspections.Count).Select(frame => (long)frame), inspections.Select(it => it.Frame));

        Task DesireAsync(long version, DesiredModel model) =>
            rig.Fleet.SayAsync(AgentRig.Topics.TwinDesired, new TwinDesired { Version = version, Model = model }, ContractsJson.Default.TwinDesired, retain: true, Token);

        async Task<ReportedModel> RestAsync(long version, UpdateState state)
        {
            TwinReported? Last() => rig.Fleet.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported) is [.., var last] ? last : null;
            await rig.UntilAsync(() => Last() is { } twin && twin.DesiredVersion == version && twin.Model.State == state, agent, () => $"{Last()}");
            var model = Last()!.Model;
            Assert.Equal("v22", model.Active?.Version);
            Assert.Equal(state == UpdateState.Failed, model.Reason is { Length: > 20 } reason && reason.EndsWith('.'));
            return model;
        }
    }

    [Fact]
    public async Task A_model_in_shadow_answers_beside_the_champion_over_a_kill_and_takes_over_when_told()
    {
        await using var rig = await AgentRig.CreateAsync();
        var challenger = rig.Packages.Publish("v22");
        await using (var agent = await rig.StartInspectingAsync())
        {
            await DesireAsync(1, challenger with { Stage = ModelStage.Shadow });
            await rig.UntilAsync(() => Last() is { Model.Shadow.Frames: > 0 } && rig.Fleet.Inspections()[^1].Shadow is not null, agent, () => $"{Last()}");
            await agent.KillAloneAsync();
        }
        var before = rig.Fleet.Inspections().Count;
        await using var again = rig.Start();
        await rig.UntilAsync(() => Last() is { Boot: 2, DesiredVersion: 1, Model: { State: UpdateState.Shadowing, Stage: ModelStage.Shadow, Shadow: { Model.Version: "v22", Frames: > 0 } } }, again, () => $"{Last()}");
        await rig.UntilAsync(() => rig.Fleet.Inspections().Skip(before).Any(it => it.Origin.Boot == 2 && it.Shadow?.Model.Version == "v22"), again);
        Assert.Equal(["v1"], rig.Fleet.Inspections().Select(it => it.Model.Version).Distinct());

        File.Delete(rig.Packages.Folder["v22.cvmodel"]);
        await DesireAsync(2, challenger);
        await rig.UntilAsync(() => Last() is { DesiredVersion: 2, Model: { State: UpdateState.Committed, Active.Version: "v22", Shadow: null } }, again, () => $"{Last()}");

        TwinReported? Last() => rig.Fleet.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported) is [.., var last] ? last : null;

        Task DesireAsync(long version, DesiredModel model) =>
            rig.Fleet.SayAsync(AgentRig.Topics.TwinDesired, new TwinDesired { Version = version, Model = model }, ContractsJson.Default.TwinDesired, retain: true, Token);
    }

    [Fact]
    public async Task Settings_from_the_fleet_are_in_force_after_a_kill_and_a_person_reads_them_at_the_device()
    {
        const string Settings = "sampling: { frames-per-hour: 60 }\n";
        await using var rig = await AgentRig.CreateAsync();
        await using (var agent = await rig.StartInspectingAsync())
        {
            Assert.Equal(ConfigurationState.None, Last()?.Configuration?.State);
            await rig.Fleet.SayAsync(AgentRig.Topics.TwinDesired, new TwinDesired { Version = 1, Configuration = DesiredConfiguration.Of(Settings, "rollout-1") }, ContractsJson.Default.TwinDesired, retain: true, Token);
            await rig.UntilAsync(() => Last()?.Configuration?.State == ConfigurationState.Soaking, agent, () => $"{Last()}");
            await agent.KillAloneAsync();
        }
        await using (var again = rig.Start())
        {
            await rig.UntilAsync(() => Last() is { Boot: 2, Configuration.State: ConfigurationState.Committed } twin && twin.Configuration.Active == DesiredConfiguration.DigestOf(Settings), again, () => $"{Last()}");
            using var http = new HttpClient();
            Assert.Contains("and over it what the fleet has set", await http.GetStringAsync(new Uri($"http://127.0.0.1:{rig.HealthPort}/"), Token), StringComparison.Ordinal);
        }
        await using var status = TestProcess.StartAssembly(AgentRig.Assembly, ["status", "--config", rig.Configure()]);
        Assert.Equal(0, await status.WaitForExitAsync(AgentRig.Deadline, Token));
        Assert.Contains("tiny v1 (", status.Output, StringComparison.Ordinal);
        Assert.Contains("Committed since", status.Output, StringComparison.Ordinal);
        Assert.Contains("  sampling: { frames-per-hour: 60 }", status.Output, StringComparison.Ordinal);

        TwinReported? Last() => rig.Fleet.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported) is [.., var last] ? last : null;
    }

    /// <summary>Waits until so many messages are on disk that nobody has acknowledged.</summary>
    private static async Task<long> WaitsAsync(AgentProcess agent, int messages)
    {
        var waiting = 0L;
        await Eventually.Async(async () => (waiting = (long)await agent.MetricAsync("cvops_agent_spool_waiting_messages")) >= messages,
            AgentRig.Deadline, () => $"{waiting} wait; the agent says: {agent.Process.Output}", Token);
        return waiting;
    }

    /// <summary>What waits in the spool of an agent that does not run, read from a copy.</summary>
    private static List<Origin> OnDisk(AgentRig rig)
    {
        using var copy = new TestFolder();
        var found = new List<Origin>();
        foreach (var limits in SpoolLimits.Of(1L << 30).Classes.Where(it => it.Class != SpoolClass.Earlier))
        {
            var name = SpoolClasses.Name(limits.Class);
            Directory.CreateDirectory(copy[name]);
            foreach (var file in Directory.EnumerateFiles(Path.Combine(rig.Packages.Data, "spool", name))) File.Copy(file, copy[name, Path.GetFileName(file)]);
            using var store = new SpoolStore(copy[name], limits, TimeProvider.System, NullLogger.Instance);
            store.Open();
            using var reader = new SpoolReader(store);
            while (reader.TryRead() is { } record)
            {
                if (FleetSide.OriginOf(record.Payload) is { } origin) found.Add(origin);
            }
        }
        return found;
    }
}
