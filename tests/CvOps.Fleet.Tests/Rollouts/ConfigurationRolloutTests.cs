using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>Settings take the same rings, the same gate and the same way back as a model.</summary>
public sealed class ConfigurationRolloutTests(ITestOutputHelper output)
{
    private const string Old = "sampling: { frames-per-hour: 120 }\n";
    private const string New = "sampling: { frames-per-hour: 60 }\n";
    private static readonly RolloutRing[] TwoRings = [new("canary", Devices: [new DeviceId("line-1")]), new("rest", Percent: 100)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Settings_reach_ring_after_ring_and_a_rollback_gives_each_device_what_it_had()
    {
        await using var line = await StartAsync(active: Old);
        var created = await line.CreateAsync(Plan("night"));
        Assert.Equal(("configuration", DesiredConfiguration.DigestOf(New)), (created.Model.Name, created.Model.Digest));
        await UntilWantedAsync(line.Devices[0], New);
        Assert.All(line.Devices[1..], device => Assert.Null(device.Desired));
        foreach (var device in line.Devices[1..]) await InspectAsync(line, device, 40);
        await ReportAsync(line, line.Devices[0], ConfigurationState.Committed, New);
        await line.UntilAsync(RolloutState.Soaking);
        await InspectAsync(line, line.Devices[0], 60);
        foreach (var device in line.Devices[1..])
        {
            await UntilWantedAsync(device, New);
            await ReportAsync(line, device, ConfigurationState.Committed, New);
        }
        await line.UntilAsync(view => view is { State: RolloutState.Soaking, Ring: 1 }, "the second ring soaking");
        foreach (var device in line.Devices[1..]) await InspectAsync(line, device, 60);
        var done = await line.UntilAsync(RolloutState.Completed);
        output.WriteLine(string.Join('\n', done.History.Select(step => $"{step.From} -> {step.To}: {step.Reason}")));
        // It is no model: no alias follows it.
        Assert.Empty((await line.Fleet.Http.GetFromJsonAsync("aliases", ContractsJson.Default.AliasViewArray, Ct))!);

        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("rollback")).StatusCode);
        foreach (var device in line.Devices)
        {
            await UntilWantedAsync(device, Old);
            await ReportAsync(line, device, ConfigurationState.Committed, Old);
        }
        await line.UntilAsync(RolloutState.RolledBack);
    }

    [Fact]
    public async Task A_device_that_refuses_the_settings_stops_the_rollout_and_the_others_never_hear_of_them()
    {
        await using var line = await StartAsync(active: null);
        await line.CreateAsync(Plan(DesiredConfiguration.DigestOf(New)[..12]));
        await UntilWantedAsync(line.Devices[0], New);
        await ReportAsync(line, line.Devices[0], ConfigurationState.Refused, null, "line 1, sampling.frames-per-hour: 'many' is not a whole number", target: New);
        var stopped = await line.UntilAsync(view => view.State is RolloutState.Stopping or RolloutState.RollingBack or RolloutState.RolledBack, "stopped");
        Assert.Contains(stopped.History, step => step is { From: RolloutState.Canary, To: RolloutState.Stopping });
        await UntilWantedAsync(line.Devices[0], null);
        await ReportAsync(line, line.Devices[0], ConfigurationState.None, null);
        await line.UntilAsync(RolloutState.RolledBack);
        Assert.All(line.Devices[1..], device => Assert.Null(device.Desired));
    }

    [Fact]
    public async Task Settings_that_a_device_has_refused_are_offered_as_another_attempt_when_a_person_says_so()
    {
        await using var line = await StartAsync(active: null);
        await line.CreateAsync(Plan("night") with { Rings = [new RolloutRing("all", Percent: 100)], Guardrails = new Guardrails { Controls = 0, FailedUpdates = 1 } });
        foreach (var device in line.Devices) await UntilWantedAsync(device, New);
        foreach (var device in line.Devices[1..]) await ReportAsync(line, device, ConfigurationState.Committed, New);
        await ReportAsync(line, line.Devices[0], ConfigurationState.Refused, null, "no room", target: New);
        await line.UntilAsync(RolloutState.Soaking);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("retry")).StatusCode);
        await Eventually.Async(() => line.Devices[0].Desired?.Configuration is { Attempt: 1 }, TimeSpan.FromSeconds(20), () => $"line-1 should be told once more and has {line.Devices[0].Desired}", Ct);
        Assert.Equal(RolloutDeviceState.Assigned, (await line.ReadAsync()).Devices.Single(device => device.Device.Value == "line-1").State);
        await ReportAsync(line, line.Devices[0], ConfigurationState.Committed, New);
        await line.UntilAsync(view => view.Devices.All(device => device.State == RolloutDeviceState.Running), "all devices running");
    }

    [Fact]
    public async Task A_plan_for_settings_that_nobody_keeps_is_refused_with_what_was_meant()
    {
        await using var line = await StartAsync(active: null);
        var answer = await line.Fleet.Http.PostAsJsonAsync("rollouts", Plan("nigth"), ContractsJson.Default.RolloutPlan, Ct);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("did you mean", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    private static RolloutPlan Plan(string configuration) => new()
    {
        Name = "quieter", Configuration = configuration, Everything = true, Rings = TwoRings, Soak = new Soak(0, 50, 600), Guardrails = new Guardrails { Controls = 20, FailedUpdates = 0 },
    };

    private static async Task<RolloutLine> StartAsync(string? active)
    {
        var line = await RolloutLine.StartAsync(3);
        foreach (var (name, text) in new[] { ("day", Old), ("night", New) })
            Assert.Equal(HttpStatusCode.Created, (await line.Fleet.Http.PostAsync($"configurations?name={name}", new StringContent(text), Ct)).StatusCode);
        foreach (var device in line.Devices) await ReportAsync(line, device, active is null ? ConfigurationState.None : ConfigurationState.Committed, active);
        await FleetHost.UntilAsync(async () => (await line.Fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Ct))!.All(view => view.Reported?.Configuration is not null), "devices that report their configuration");
        return line;
    }

    private static Task ReportAsync(RolloutLine line, TestDevice device, ConfigurationState state, string? active, string? reason = null, string? target = null) => device.SendAsync(device.Topics.TwinReported, new TwinReported
    {
        DesiredVersion = device.Desired?.Version ?? 0, Boot = 1, At = DateTimeOffset.UnixEpoch.AddDays(20_000), AgentVersion = "1.0", Provider = "CPU", Cameras = [],
        Model = new ReportedModel { State = UpdateState.Idle, Active = line.Old, Stage = ModelStage.Active },
        Configuration = new ReportedConfiguration
        {
            State = state, Active = active is null ? null : DesiredConfiguration.DigestOf(active), Target = (target ?? active) is { } text ? DesiredConfiguration.DigestOf(text) : null, Reason = reason,
            Since = DateTimeOffset.UnixEpoch.AddDays(20_000),
        },
    }, ContractsJson.Default.TwinReported, retain: true);

    private static async Task InspectAsync(RolloutLine line, TestDevice device, int frames)
    {
        for (var frame = 0; frame < frames; frame++)
            await device.SendAsync(device.Inspection(frame) with { Model = line.Old, Prediction = new Prediction { Class = "ok", Confidence = 0.9 }, Shadow = null });
    }

    private static Task UntilWantedAsync(TestDevice device, string? settings) => Eventually.Async(() => device.Desired is { } desired && desired.Configuration?.Settings == settings, TimeSpan.FromSeconds(20),
        () => $"{device.Id} should have {device.Desired}", Ct);
}
