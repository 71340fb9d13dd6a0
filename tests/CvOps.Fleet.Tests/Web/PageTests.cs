using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Tests.Web;

[Trait("tier", "integration")]
public sealed class PageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_empty_fleet_says_on_its_first_page_how_the_first_device_comes_in()
    {
        await using var fleet = await FleetHost.StartAsync();
        Assert.Contains("cvops device token", await PageAsync(fleet, ""), StringComparison.Ordinal);
        foreach (var page in (string[])["devices", "rollouts", "rollouts/new", "drift", "labels", "labels/next", "labels/review", "frames", "quality", "datasets", "lineage", "training", "tracking", "models", "deadletters", "alerts", "audit", "api", "settings", "settings/tokens", "settings/people", "settings/enrolment", "settings/keys"])
            Assert.Contains("<h1", await PageAsync(fleet, page), StringComparison.Ordinal);
        Assert.Contains("There is no such model", await PageAsync(fleet, "models/" + new string('a', 64)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_on_a_page_runs_inline_and_every_asset_that_it_names_is_there()
    {
        await using var fleet = await FleetHost.StartAsync();
        using var answer = await fleet.Http.GetAsync(new Uri(Root(fleet), ""), Token);
        Assert.Contains("default-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        var html = await answer.Content.ReadAsStringAsync(Token);
        Assert.DoesNotContain(" style=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" onclick=", html, StringComparison.OrdinalIgnoreCase);
        foreach (var asset in (string[])["site.css", "site.js", "theme.js", "live.js", "ask.js", "actions.js", "queue.js", "finder.js", "preview.js", "settings.js", "access.js", "label.js", "shapes.js", "zoom.js", "factor.js", "icon.svg", "icons.svg"])
            Assert.Equal(HttpStatusCode.OK, (await fleet.Http.GetAsync(new Uri(Root(fleet), $"assets/{asset}"), Token)).StatusCode);
    }

    [Fact]
    public async Task The_search_finds_devices_and_pages_by_a_part_of_their_name()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-7");
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await FindAsync(fleet, "ess-7")).Contains("devices/press-7", StringComparison.Ordinal), "the device is found");
        Assert.Contains("rollouts", await FindAsync(fleet, "roll"), StringComparison.Ordinal);
        Assert.Equal("[]", await FindAsync(fleet, "<nothing>"));
    }

    [Fact]
    public async Task A_camera_is_shown_live_and_nothing_of_it_is_kept()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-7");
        await device.SayOnlineAsync();
        var asked = new TaskCompletionSource<Command>(TaskCreationOptions.RunContinuationsAsynchronously);
        device.OnCommand = command =>
        {
            asked.TrySetResult(command);
            return new CommandResponse(command.Id, device.Id, true, "shown");
        };
        await FleetHost.UntilAsync(async () => (await FindAsync(fleet, "press-7")).Contains("devices/press-7", StringComparison.Ordinal), "the device is known");
        using var answer = await fleet.Http.GetAsync("devices/press-7/cameras/cam-1/live", HttpCompletionOption.ResponseHeadersRead, Token);
        var command = await asked.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal(("show-camera", "cam-1"), (command.Name, command.Arguments!["camera"]));

        await device.SendAsync(device.Frame("shown") with { Camera = new CameraId("cam-1"), Reasons = [new SamplingReason(Limits.PreviewRule, 1)] });
        await device.SendAsync(device.Frame("kept") with { Camera = new CameraId("cam-1") });
        await using var stream = await answer.Content.ReadAsStreamAsync(Token);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(Token))
        {
            if (item.EventType != "frame") continue;
            Assert.Equal("shown", JsonSerializer.Deserialize(item.Data, ContractsJson.Default.SampledFrame)!.FrameId);
            break;
        }
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetAsync("frames/kept", Token)).IsSuccessStatusCode, "the other frame is kept");
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("frames/shown", Token)).StatusCode);
    }

    [Fact]
    public async Task Pages_hear_once_of_many_changes_and_how_often_to_look()
    {
        await using var fleet = await FleetHost.StartAsync();
        using var answer = await fleet.Http.GetAsync("events/pages", HttpCompletionOption.ResponseHeadersRead, Token);
        await using var device = await fleet.ConnectDeviceAsync("press-7");
        await device.SayOnlineAsync();
        await device.SendAsync(device.Inspection());
        await using var stream = await answer.Content.ReadAsStreamAsync(Token);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(Token))
        {
            Assert.Equal("changed", item.EventType);
            if (!item.Data.Contains("\"device\"", StringComparison.Ordinal)) continue;
            Assert.Contains("\"pace\":1000", item.Data, StringComparison.Ordinal);
            return;
        }
    }

    private static Uri Root(FleetHost fleet) => new(fleet.Http.BaseAddress!, "/");

    private static Task<string> PageAsync(FleetHost fleet, string path) => fleet.Http.GetStringAsync(new Uri(Root(fleet), path), Token);

    private static Task<string> FindAsync(FleetHost fleet, string text) => fleet.Http.GetStringAsync(new Uri(Root(fleet), $"find?q={Uri.EscapeDataString(text)}"), Token);
}
