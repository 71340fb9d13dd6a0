using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Devices;

public sealed class DeviceTests
{
    [Fact]
    public async Task The_desired_model_reaches_the_device_with_a_rising_version_and_survives_a_restart()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        var (twins, id) = (fleet.Services.GetRequiredService<DesiredTwins>(), new DeviceId("line-1"));
        Assert.Equal(1, (await twins.SetModelAsync(id, Model('a'), "operator", TestContext.Current.CancellationToken)).Version);
        Assert.Equal(1, (await twins.SetModelAsync(id, Model('a'), "operator", TestContext.Current.CancellationToken)).Version);
        await UntilDesiredAsync(device, 1);
        await fleet.RestartFleetAsync();
        Assert.Equal(2, (await fleet.Services.GetRequiredService<DesiredTwins>().SetModelAsync(new DeviceId("line-1"), Model('b'), "operator", TestContext.Current.CancellationToken)).Version);
        await UntilDesiredAsync(device, 2);
        Assert.Equal(new string('b', 64), device.Desired!.Model!.Model.Digest);
    }

    [Fact]
    public async Task A_thousand_documents_that_the_broker_refuses_hold_up_nobody_elses()
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        var access = Path.Combine(fleet.Broker.Folder, "acl");
        var rules = (await File.ReadAllLinesAsync(access, TestContext.Current.CancellationToken)).SelectMany(line => line == $"user {CertificateAuthority.FleetName}" ? new[] { line, "topic deny cvops/v1/bad/#" } : [line]);
        await File.WriteAllLinesAsync(access, rules, TestContext.Current.CancellationToken);
        await fleet.Broker.ReloadAsync(TestContext.Current.CancellationToken);
        await fleet.StartFleetAsync();
        await using var device = await OnlineAsync(fleet);
        await fleet.Services.GetRequiredService<Database>().WriteAsync(connection => connection.Execute(
            """
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000)
            INSERT INTO devices (id, site, last_seen, desired, desired_version) SELECT 'bad-' || n, 'bad', 0, '{"version":1}', 1 FROM number
            """), TestContext.Current.CancellationToken);
        await fleet.Services.GetRequiredService<DesiredTwins>().SetModelAsync(new DeviceId("line-1"), Model('a'), "operator", TestContext.Current.CancellationToken);
        await UntilDesiredAsync(device, 1);
        Assert.Equal(1000, await fleet.Services.GetRequiredService<Database>().ReadAsync(
            connection => connection.ExecuteScalar<long>("SELECT count(*) FROM devices WHERE site = 'bad' AND published_version = 0"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_desired_model_set_while_the_broker_is_down_is_published_when_it_is_back()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using (await OnlineAsync(fleet))
        {
            await fleet.Broker.KillAsync();
        }
        await fleet.Services.GetRequiredService<DesiredTwins>().SetModelAsync(new DeviceId("line-1"), Model('a'), "operator", TestContext.Current.CancellationToken);
        await fleet.Broker.RestartAsync(TestContext.Current.CancellationToken);
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await UntilDesiredAsync(device, 1);
    }

    [Fact]
    public async Task A_shadow_is_ordered_only_of_a_device_that_knows_what_that_is()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        var (twins, id) = (fleet.Services.GetRequiredService<DesiredTwins>(), new DeviceId("line-1"));
        var shadow = Model('b') with { Stage = ModelStage.Shadow };
        Assert.Contains("it has not said yet what it is", (await Assert.ThrowsAsync<InvalidOperationException>(() => twins.SetModelAsync(id, shadow, "operator", TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        await ReportAsync(fleet, device, stage: null, configuration: null);
        Assert.Contains("knows no shadow and would put the model in charge", (await Assert.ThrowsAsync<InvalidOperationException>(() => twins.SetModelAsync(id, shadow, "operator", TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        await ReportAsync(fleet, device, ModelStage.Active, configuration: null);
        Assert.Equal(1, (await twins.SetModelAsync(id, shadow, "operator", TestContext.Current.CancellationToken)).Version);
        await UntilDesiredAsync(device, 1);
        Assert.Equal(ModelStage.Shadow, device.Desired!.Model!.Stage);
        // The same model in charge is another order.
        Assert.Equal(2, (await twins.SetModelAsync(id, Model('b'), "operator", TestContext.Current.CancellationToken)).Version);
    }

    [Fact]
    public async Task The_desired_configuration_lies_beside_the_model_and_survives_a_restart()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        var (twins, id) = (fleet.Services.GetRequiredService<DesiredTwins>(), new DeviceId("line-1"));
        var settings = DesiredConfiguration.Of("sampling: { frames-per-hour: 60 }\n", "rollout-1");
        Assert.Contains("update the agent first", (await Assert.ThrowsAsync<InvalidOperationException>(() => twins.SetConfigurationAsync(id, settings, "operator", TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        await ReportAsync(fleet, device, ModelStage.Active, new ReportedConfiguration { State = ConfigurationState.None });
        await Assert.ThrowsAsync<ArgumentException>(() => twins.SetConfigurationAsync(id, settings with { Settings = "other" }, "operator", TestContext.Current.CancellationToken));
        await twins.SetModelAsync(id, Model('a'), "operator", TestContext.Current.CancellationToken);
        Assert.Equal(2, (await twins.SetConfigurationAsync(id, settings, "operator", TestContext.Current.CancellationToken)).Version);
        Assert.Equal(2, (await twins.SetConfigurationAsync(id, settings, "operator", TestContext.Current.CancellationToken)).Version);
        await UntilDesiredAsync(device, 2);
        Assert.Equal((settings, new string('a', 64)), (device.Desired!.Configuration, device.Desired.Model!.Model.Digest));
        await fleet.RestartFleetAsync();
        Assert.Equal(3, (await fleet.Services.GetRequiredService<DesiredTwins>().SetConfigurationAsync(new DeviceId("line-1"), null, "operator", TestContext.Current.CancellationToken)).Version);
        await UntilDesiredAsync(device, 3);
        Assert.Equal((null, new string('a', 64)), (device.Desired!.Configuration, device.Desired.Model!.Model.Digest));
    }

    [Fact]
    public async Task A_command_is_answered_and_one_nobody_answers_times_out()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        device.OnCommand = command => new CommandResponse(command.Id, device.Id, true, $"did {command.Name}");
        var answer = await CommandAsync(fleet, new CommandRequest("ping", null));
        Assert.Equal("did ping", (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.CommandResponse, TestContext.Current.CancellationToken))!.Message);
        device.OnCommand = null;
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await CommandAsync(fleet, new CommandRequest("ping", null, 0.3))).StatusCode);
    }

    [Fact]
    public async Task A_command_is_signed_for_its_device_and_both_question_and_answer_are_in_the_log()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        Command? got = null;
        device.OnCommand = command =>
        {
            got = command;
            return new CommandResponse(command.Id, device.Id, false, "There is no camera 'cam-9'.");
        };
        fleet.Http.DefaultRequestHeaders.Add(ApiRoutes.ByHeader, "operator");
        await CommandAsync(fleet, new CommandRequest("restart-camera", new Dictionary<string, string> { ["camera"] = "cam-9" }));
        Assert.Null(CommandProof.Problem(got!, device.Id, fleet.Broker.Authority.Certificate, DateTimeOffset.UtcNow));
        Assert.NotNull(CommandProof.Problem(got!, new DeviceId("line-2"), fleet.Broker.Authority.Certificate, DateTimeOffset.UtcNow));
        var log = (await fleet.Services.GetRequiredService<Audit>().ReadAsync(0, 100, TestContext.Current.CancellationToken)).Entries.Where(entry => entry.Action.StartsWith("device.command", StringComparison.Ordinal)).ToArray();
        Assert.Equal([("operator", "device.command", $"{got!.Id} restart-camera camera=cam-9"), ("operator", "device.command.answered", $"{got.Id} refused: There is no camera 'cam-9'.")],
            log.Select(entry => (entry.By, entry.Action, entry.Detail)));
    }

    [Fact]
    public async Task An_answer_to_a_command_the_fleet_never_sent_is_in_the_log_once_and_a_flood_of_them_does_not_fill_it()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        for (var i = 0; i < 20; i++)
            await device.SendAsync(device.Topics.Response($"forged-{i}"), new CommandResponse($"forged-{i}", device.Id, false, "The command is not signed by the fleet."), ContractsJson.Default.CommandResponse);
        AuditEntry[] log = [];
        await FleetHost.UntilAsync(async () =>
        {
            log = [.. (await fleet.Services.GetRequiredService<Audit>().ReadAsync(0, 100, TestContext.Current.CancellationToken)).Entries.Where(entry => entry.Action == "device.command.unasked")];
            return log.Length >= 5;
        }, "the answers are in the log");
        device.OnCommand = command => new CommandResponse(command.Id, device.Id, true, "after all of them");
        Assert.Equal(HttpStatusCode.OK, (await CommandAsync(fleet, new CommandRequest("ping", null))).StatusCode);
        log = [.. (await fleet.Services.GetRequiredService<Audit>().ReadAsync(0, 100, TestContext.Current.CancellationToken)).Entries.Where(entry => entry.Action == "device.command.unasked")];
        Assert.Equal(5, log.Length);
        Assert.Equal(5, log.Select(entry => entry.Detail.Split(' ')[0]).Distinct().Count());
        Assert.Contains("not signed by the fleet", log[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_are_set_removed_and_kept()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        await LabelAsync(fleet, new() { ["line"] = "7", ["side"] = "left" });
        await LabelAsync(fleet, new() { ["side"] = null });
        await fleet.RestartFleetAsync();
        var view = await fleet.Http.GetFromJsonAsync("devices/line-1", ContractsJson.Default.DeviceView, TestContext.Current.CancellationToken);
        Assert.Equal(new Dictionary<string, string> { ["line"] = "7" }, view!.Labels);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("devices/line-9", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Whoever_looks_hears_that_a_device_came_online()
    {
        await using var fleet = await FleetHost.StartAsync();
        using var stream = await fleet.Http.GetStreamAsync("events", TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        Assert.Equal(": connected", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SayOnlineAsync();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        while (await reader.ReadLineAsync(deadline.Token) is { } line and not "event: device") Assert.DoesNotContain("error", line, StringComparison.Ordinal);
        Assert.Equal("""data: {"kind":"device","id":"line-1"}""", await reader.ReadLineAsync(deadline.Token));
    }

    private static async Task<TestDevice> OnlineAsync(FleetHost fleet)
    {
        var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!
            .SingleOrDefault()?.Connectivity == Connectivity.Online, "the device online");
        return device;
    }

    private static async Task ReportAsync(FleetHost fleet, TestDevice device, ModelStage? stage, ReportedConfiguration? configuration)
    {
        await device.SendAsync(device.Topics.TwinReported, new TwinReported
        {
            DesiredVersion = 0, Boot = 1, At = DateTimeOffset.UnixEpoch.AddDays(20_000), AgentVersion = "0.1.0", Provider = "CPU", Cameras = [], Configuration = configuration,
            Model = new ReportedModel { State = UpdateState.Idle, Active = Model('c').Model, Stage = stage },
        }, ContractsJson.Default.TwinReported, retain: true);
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices/line-1", ContractsJson.Default.DeviceView, TestContext.Current.CancellationToken))!.Reported is { } said
            && said.Model.Stage == stage && said.Configuration == configuration, "what the device reports");
    }

    private static DesiredModel Model(char digest) => new(new ModelRef("line", $"{digest}", new string(digest, 64)), null, new Uri("http://127.0.0.1:1/x"), 10, false);

    private static Task UntilDesiredAsync(TestDevice device, long version) => Eventually.Async(
        () => device.Desired?.Version == version, TimeSpan.FromSeconds(15), () => $"desired version {device.Desired?.Version}", TestContext.Current.CancellationToken);

    private static Task<HttpResponseMessage> CommandAsync(FleetHost fleet, CommandRequest request) =>
        fleet.Http.PostAsJsonAsync("devices/line-1/commands", request, ContractsJson.Default.CommandRequest, TestContext.Current.CancellationToken);

    private static async Task LabelAsync(FleetHost fleet, Dictionary<string, string?> labels) => Assert.Equal(HttpStatusCode.OK,
        (await fleet.Http.PutAsJsonAsync("devices/line-1/labels", new LabelsChange(labels), ContractsJson.Default.LabelsChange, TestContext.Current.CancellationToken)).StatusCode);
}
