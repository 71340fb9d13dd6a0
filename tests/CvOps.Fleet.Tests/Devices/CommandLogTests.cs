using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Tests.Storage;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Devices;

public sealed class CommandLogTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_command_is_listed_with_what_became_of_it()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        device.OnCommand = command => new CommandResponse(command.Id, device.Id, command.Name == "ping", command.Name == "ping" ? "The agent is here." : "There is no camera 'x'.");
        await SendAsync(fleet, new CommandRequest("ping", null));
        await SendAsync(fleet, new CommandRequest("restart-camera", new Dictionary<string, string> { ["camera"] = "x" }));
        device.OnCommand = null;
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await SendAsync(fleet, new CommandRequest("line", null, 0.2, 600))).StatusCode);
        var commands = await ListAsync(fleet);
        Assert.Equal([("line", CommandState.Sent, null), ("restart-camera", CommandState.Refused, "There is no camera 'x'."), ("ping", CommandState.Done, "The agent is here.")],
            commands.Select(command => (command.Name, command.State, command.Message)));
        Assert.Equal(600, (commands[0].ExpiresAt - commands[0].IssuedAt).TotalSeconds);
        Assert.Equal("x", commands[1].Arguments?["camera"]);
    }

    [Fact]
    public async Task An_answer_that_comes_after_the_fleet_was_started_anew_is_recorded_and_only_the_first_counts()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        await SendAsync(fleet, new CommandRequest("ping", null, 0.2, 600));
        var sent = Assert.Single(await ListAsync(fleet));
        await fleet.RestartFleetAsync();
        await device.SendAsync(device.Topics.Response(sent.Id), new CommandResponse(sent.Id, device.Id, true, "at last"), ContractsJson.Default.CommandResponse);
        await StateAsync(fleet, CommandState.Done);
        await device.SendAsync(device.Topics.Response(sent.Id), new CommandResponse(sent.Id, device.Id, false, "The command has been done before."), ContractsJson.Default.CommandResponse);
        device.OnCommand = command => new CommandResponse(command.Id, device.Id, true, "after it");
        await SendAsync(fleet, new CommandRequest("ping", null));
        Assert.Equal("at last", (await ListAsync(fleet))[^1].Message);
        var audit = (await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, Ct))!.Entries;
        Assert.Single(audit, entry => entry.Action == "device.command.answered" && entry.Detail == $"{sent.Id} done, after nobody waited any more: at last");
        Assert.DoesNotContain(audit, entry => entry.Action == "device.command.unasked");
    }

    [Fact]
    public async Task An_answer_waits_for_a_disk_that_is_full_and_ends_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        await SendAsync(fleet, new CommandRequest("ping", null, 0.2, 600));
        var sent = Assert.Single(await ListAsync(fleet));
        var full = await FailingTable.OfAsync(fleet, "device_command", "UPDATE");
        await device.SendAsync(device.Topics.Response(sent.Id), new CommandResponse(sent.Id, device.Id, true, "done"), ContractsJson.Default.CommandResponse);
        await FleetHost.UntilAsync(() => Task.FromResult(full.Failures > 1), "it is tried again");
        full.Heal();
        await StateAsync(fleet, CommandState.Done);
        await device.SendAsync(device.Inspection());
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices/line-1", ContractsJson.Default.DeviceView, Ct))!.Inspections == 1, "what comes afterwards is taken in");
    }

    [Fact]
    public async Task An_answer_that_waits_in_a_former_fleets_session_is_recorded()
    {
        await using var fleet = await FleetHost.StartAsync(options => options.ClientId = "fleet-a");
        await using var device = await OnlineAsync(fleet);
        await SendAsync(fleet, new CommandRequest("ping", null, 0.2, 600));
        var sent = Assert.Single(await ListAsync(fleet));
        await fleet.StopFleetAsync();
        await device.SendAsync(device.Topics.Response(sent.Id), new CommandResponse(sent.Id, device.Id, true, "done"), ContractsJson.Default.CommandResponse);
        fleet.Options.ClientId = "fleet-b";
        await fleet.StartFleetAsync();
        await StateAsync(fleet, CommandState.Done);
    }

    [Fact]
    public async Task A_command_given_while_the_broker_is_away_is_sent_when_it_is_back_also_by_the_next_start()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using (await OnlineAsync(fleet)) { }
        await fleet.Broker.KillAsync();
        var answer = await SendAsync(fleet, new CommandRequest("ping", null, 1, 600));
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("'cvops device commands line-1' says what becomes of it", (await answer.Content.ReadAsStringAsync(Ct)).Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(CommandState.Waiting, Assert.Single(await ListAsync(fleet)).State);
        await fleet.StopFleetAsync();
        await fleet.Broker.RestartAsync(Ct);
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        device.OnCommand = command => new CommandResponse(command.Id, device.Id, true, $"did {command.Name}");
        await fleet.StartFleetAsync();
        await StateAsync(fleet, CommandState.Done);
    }

    [Fact]
    public async Task A_command_lives_as_long_as_was_said_and_one_that_would_live_too_long_is_refused()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        Command? got = null;
        device.OnCommand = command =>
        {
            got = command;
            return new CommandResponse(command.Id, device.Id, true, "");
        };
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAsync(fleet, new CommandRequest("ping", null, 1, 3601))).StatusCode);
        await SendAsync(fleet, new CommandRequest("ping", null, 5, 60));
        Assert.Equal(60, (got!.ExpiresAt - got.IssuedAt).TotalSeconds);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("devices/line-9/commands", Ct)).StatusCode);
    }

    [Fact]
    public async Task A_command_that_nobody_did_in_time_has_expired_and_is_never_sent_afterwards()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await OnlineAsync(fleet);
        var heard = 0;
        device.OnCommand = command =>
        {
            if (command.Id == "old") heard++;
            return new CommandResponse(command.Id, device.Id, true, "");
        };
        var hour = TimeSpan.FromHours(1);
        var log = fleet.Services.GetRequiredService<CommandLog>();
        await log.AddAsync(new Command("old", "ping", DateTimeOffset.UtcNow - 2 * hour, DateTimeOffset.UtcNow - hour, "operator", null), device.Id, Ct);
        await log.AddAsync(new Command("young", "ping", DateTimeOffset.UtcNow, DateTimeOffset.UtcNow + hour / 2, "operator", null), device.Id, Ct);
        CommandView[] seen = [];
        await Eventually.Async(async () => (seen = await ListAsync(fleet)) is [{ Id: "young", State: CommandState.Done }, _], TimeSpan.FromSeconds(20), () => string.Join(", ", seen.Select(view => $"{view}")), Ct);
        Assert.Equal((CommandState.Expired, 0), (seen[1].State, heard));
    }

    private static Task<HttpResponseMessage> SendAsync(FleetHost fleet, CommandRequest request) => fleet.Http.PostAsJsonAsync("devices/line-1/commands", request, ContractsJson.Default.CommandRequest, Ct);

    private static async Task<CommandView[]> ListAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync("devices/line-1/commands", ContractsJson.Default.CommandViewArray, Ct))!;

    private static async Task StateAsync(FleetHost fleet, CommandState state)
    {
        CommandView[] seen = [];
        await Eventually.Async(async () => (seen = await ListAsync(fleet))[^1].State == state, TimeSpan.FromSeconds(20), () => string.Join(", ", seen.Select(view => $"{view}")), Ct);
    }

    private static async Task<TestDevice> OnlineAsync(FleetHost fleet)
    {
        var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetAsync("devices/line-1", Ct)).StatusCode == HttpStatusCode.OK, "the device known");
        return device;
    }
}
