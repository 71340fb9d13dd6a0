using System.Globalization;
using System.Text.Json;
using CvOps.Cli.Output;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Cli;

[Trait("tier", "integration")]
public sealed class WatchTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_change_is_one_line_of_JSON_the_fleet_may_go_and_come_and_Ctrl_C_ends_it_with_0()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var watch = CliProgram.Start(fleet, "devices", "list", "--watch", "--json");
        await watch.WaitForOutputAsync("[]", Deadline, Ct);
        await using var device = await fleet.ConnectDeviceAsync("press-7");
        await device.SayOnlineAsync();
        await watch.WaitForOutputAsync("press-7", Deadline, Ct);
        await fleet.StopFleetAsync();
        await watch.WaitForOutputAsync("No fleet answers", Deadline, Ct);
        await InterruptAsync(watch);
        Assert.Equal(0, await watch.WaitForExitAsync(Deadline, Ct));
        var lines = watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("cvops:", StringComparison.Ordinal)).ToArray();
        Assert.InRange(lines.Length, 2, 10);
        Assert.All(lines, line => Assert.NotNull(JsonSerializer.Deserialize(line, ContractsJson.Default.DeviceViewArray)));
        Assert.Equal(lines.Distinct().Count(), lines.Length);
    }

    [Fact]
    public async Task A_pipe_gets_the_table_again_when_it_is_another_and_what_fails_at_once_ends_at_once()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var devices = CliProgram.Start(fleet, "devices", "list", "--watch");
        await devices.WaitForOutputAsync("No device has connected yet", Deadline, Ct);
        await using var device = await fleet.ConnectDeviceAsync("press-8");
        await device.SayOnlineAsync();
        await devices.WaitForOutputAsync("press-8", Deadline, Ct);
        Assert.DoesNotContain('\u001b', devices.Output);
        Assert.Equal(0, await devices.StopAsync(Deadline, Ct));

        await using var nobody = CliProgram.Start(fleet, "rollout", "show", "nothing", "--watch");
        Assert.Equal(1, await nobody.WaitForExitAsync(Deadline, Ct));
    }

    [Fact]
    public void A_terminal_is_drawn_over_from_its_own_first_line_and_never_scrolls()
    {
        var live = new LiveText();
        Assert.Equal("\r\u001b[Ja\nb\nfoot\n", live.Draw("a\nb\n", "foot", 24));
        Assert.Equal("\u001b[3A\r\u001b[Jc\nfoot\n", live.Draw("c\n", "foot", 24));
        var much = live.Draw(string.Join('\n', Enumerable.Range(0, 100).Select(line => $"line {line}")), "foot", 10);
        Assert.StartsWith("\u001b[2A", much, StringComparison.Ordinal);
        Assert.Equal(9, much.Count(letter => letter == '\n'));
        Assert.Contains("93 more lines", much, StringComparison.Ordinal);
    }

    private static async Task InterruptAsync(TestProcess process)
    {
        using var kill = System.Diagnostics.Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Ct);
    }
}
