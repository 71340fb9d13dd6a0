using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Alerts.Channels;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Alerts;

public sealed partial class WebhookTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll");

    [Fact]
    public async Task A_device_that_is_gone_is_told_once_as_a_signed_CloudEvent_and_so_is_its_return()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        var saved = await fleet.WebhookAsync("ops", receiver.Url);
        await fleet.OfflineAtOnceAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SayOnlineAsync();
        await device.SayOfflineAsync();
        await FleetHost.UntilAsync(() => Task.FromResult(receiver.Got.Count == 1), "the alert at the receiver");
        var first = receiver.Got.First();
        using (var json = JsonDocument.Parse(first.Body))
        {
            Assert.Equal(("1.0", CloudEvent.Type, "press-1"), (json.RootElement.GetProperty("specversion").GetString(), json.RootElement.GetProperty("type").GetString(), json.RootElement.GetProperty("subject").GetString()));
            Assert.Equal(first.Headers["webhook-id"], json.RootElement.GetProperty("id").GetString());
            var told = json.RootElement.GetProperty("data").Deserialize(ContractsJson.Default.AlertNotification)!;
            Assert.Equal((1, AlertSeverity.Critical, "device-offline"), (told.Total, told.Severity, told.Alerts[0].Rule));
            Assert.Equal(("press-1", "plant"), (told.Alerts[0].Labels["device"], told.Alerts[0].Labels["site"]));
        }
        Assert.Equal("application/cloudevents+json; charset=utf-8", first.Headers["content-type"]);
        Assert.True(WebhookSignature.TryRead(saved.Secret, out var key));
        var at = DateTimeOffset.FromUnixTimeSeconds(long.Parse(first.Headers["webhook-timestamp"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(WebhookSignature.Sign(key, first.Headers["webhook-id"], at, first.Body), first.Headers["webhook-signature"]);
        Assert.InRange((DateTimeOffset.UtcNow - at).TotalSeconds, -1, 60);

        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(() => Task.FromResult(receiver.Got.Count == 2), "the end of the alert at the receiver");
        Assert.Contains("\"notice\":\"Resolved\"", Encoding.UTF8.GetString(receiver.Got.Last().Body), StringComparison.Ordinal);
        var over = Assert.Single(await fleet.AlertsAsync("?state=resolved"));
        var detail = await fleet.Http.GetFromJsonAsync<AlertDetail>($"alerts/{over.Id}", ContractsJson.Default.Options, TestContext.Current.CancellationToken);
        Assert.Equal(["firing", "resolved"], detail!.History.Select(step => step.What));
    }

    [Fact]
    public async Task The_example_in_the_guide_takes_what_is_signed_and_refuses_what_was_changed_or_is_old()
    {
        Assert.SkipWhen(TestProcess.Find("python3") is null, "There is no python3.");
        var guide = await File.ReadAllTextAsync(TestData.InRepository("fleet", "ALERTS.md"), TestContext.Current.CancellationToken);
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["verify.py"], Python().Match(guide).Groups["code"].Value + """

            import json, sys
            request = json.load(sys.stdin)
            print(verify(request["secret"], request["headers"], request["body"].encode(), request["now"]))
            """, TestContext.Current.CancellationToken);
        var (secret, now, body) = (WebhookSignature.NewSecret(), DateTimeOffset.UtcNow, "{\"id\":\"ö\"}");
        Assert.True(WebhookSignature.TryRead(secret, out var key));
        var headers = new Dictionary<string, string> { ["webhook-id"] = "n-1", ["webhook-timestamp"] = $"{now.ToUnixTimeSeconds()}", ["webhook-signature"] = WebhookSignature.Sign(key, "n-1", now, Encoding.UTF8.GetBytes(body)) };
        Assert.Equal("True", await VerifyAsync(body, now));
        Assert.Equal("False", await VerifyAsync(body + " ", now));
        Assert.Equal("False", await VerifyAsync(body, now.AddMinutes(6)));
        headers["webhook-id"] = "n-2";
        Assert.Equal("False", await VerifyAsync(body, now));

        async Task<string> VerifyAsync(string text, DateTimeOffset at)
        {
            using var python = Process.Start(new ProcessStartInfo("python3", folder["verify.py"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            await python.StandardInput.WriteAsync(JsonSerializer.Serialize(new { secret, headers, body = text, now = at.ToUnixTimeSeconds() }));
            python.StandardInput.Close();
            var said = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            return said.Trim();
        }
    }

    [Fact]
    public async Task What_does_not_get_through_is_seen_at_the_channel_tried_again_under_the_same_id_and_overtaken_by_nothing()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var failures = 0;
        receiver.Answer = _ => Interlocked.Increment(ref failures) == 1 ? 500 : 200;
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        await fleet.WebhookAsync("ops", receiver.Url);
        await fleet.OfflineAtOnceAsync(rule => rule with { GroupBy = ["subject"] });
        await using var one = await fleet.ConnectDeviceAsync("press-1");
        await one.SayOnlineAsync();
        await one.SayOfflineAsync();
        await FleetHost.UntilAsync(async () => (await ChannelAsync(fleet)).Problem is not null, "the failure at the channel");
        var failing = await ChannelAsync(fleet);
        Assert.Equal(("It answered 500.", 1L), (failing.Problem, failing.Waiting));
        await using var two = await fleet.ConnectDeviceAsync("press-2");
        await two.SayOnlineAsync();
        await two.SayOfflineAsync();
        await FleetHost.UntilAsync(() => Task.FromResult(receiver.Got.Count >= 3), "the second try and the other alert");
        var ids = receiver.Got.Select(hook => hook.Headers["webhook-id"]).ToArray();
        Assert.Equal(ids[0], ids[1]);
        Assert.NotEqual(ids[1], ids[2]);
        await FleetHost.UntilAsync(async () => await ChannelAsync(fleet) is { Problem: null, FailingSince: null, Waiting: 0 }, "a channel that is well again");
    }

    [Fact]
    public async Task Killed_while_a_notification_is_on_its_way_the_fleet_brings_it_after_its_start()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var never = new TaskCompletionSource();
        receiver.Hold = never.Task;
        await using var fleet = await FleetHost.StartAsync(start: false);
        var port = TestProcess.FreePort();
        string[] arguments = [.. fleet.Arguments(port), "--alert-networks", "127.0.0.1/32"];
        var quick = new Dictionary<string, string?> { ["Fleet__AlertsEvery"] = "00:00:00.5", ["Fleet__AlertsGather"] = "00:00:00" };
        await using (var first = TestProcess.StartAssembly(Program, arguments, quick))
        {
            await first.WaitForOutputAsync("Connected to", TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            fleet.Talk(new Uri($"http://127.0.0.1:{port}"));
            await fleet.WebhookAsync("ops", receiver.Url);
            await fleet.OfflineAtOnceAsync();
            await using var device = await fleet.ConnectDeviceAsync("press-1");
            await device.SayOnlineAsync();
            await device.SayOfflineAsync();
            await FleetHost.UntilAsync(() => Task.FromResult(receiver.Got.Count == 1), "the first try");
            await first.KillAsync();
        }
        receiver.Hold = Task.CompletedTask;
        await using var second = TestProcess.StartAssembly(Program, arguments, quick);
        await Eventually.Async(() => receiver.Got.Count == 2, TimeSpan.FromSeconds(60), () => second.Output, TestContext.Current.CancellationToken);
        Assert.Single(receiver.Got.Select(hook => hook.Headers["webhook-id"]).Distinct());
        await FleetHost.UntilAsync(async () => await ChannelAsync(fleet) is { Waiting: 0, DeliveredAt: not null }, "a delivered notification");
        never.SetResult();
    }

    [Fact]
    public async Task Devices_that_go_together_are_told_together()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var fleet = await FleetHost.StartAsync(options =>
        {
            AlertFleet.Quick(options);
            options.AlertsGather = TimeSpan.FromSeconds(2);
        });
        await fleet.WebhookAsync("ops", receiver.Url);
        await fleet.OfflineAtOnceAsync();
        for (var i = 1; i <= 5; i++)
        {
            await using var device = await fleet.ConnectDeviceAsync($"press-{i}");
            await device.SayOnlineAsync();
            await device.SayOfflineAsync();
        }
        await FleetHost.UntilAsync(() => Task.FromResult(receiver.Got.Count >= 1), "a notification");
        using var json = JsonDocument.Parse(receiver.Got.First().Body);
        Assert.Equal(5, json.RootElement.GetProperty("data").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_channel_to_this_machine_is_not_used_without_the_operators_leave_and_a_secret_is_never_told_again()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var fleet = await FleetHost.StartAsync();
        var saved = await fleet.WebhookAsync("ops", receiver.Url);
        var test = await TestAsync(fleet);
        Assert.False(test.Delivered);
        Assert.Contains("--alert-networks", test.Detail, StringComparison.Ordinal);
        Assert.Empty(receiver.Got);
        Assert.StartsWith("whsec_", saved.Secret, StringComparison.Ordinal);
        foreach (var path in (string[])["alerts/channels", "alerts/channels/ops", "audit"])
            Assert.DoesNotContain(saved.Secret![6..], await fleet.Http.GetStringAsync(path, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        // Set anew without a secret it keeps its own, and tells it no more.
        Assert.Null((await fleet.WebhookAsync("ops", receiver.Url)).Secret);
    }

    [Fact]
    public async Task The_test_of_a_channel_says_what_came_of_it()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        await fleet.WebhookAsync("ops", receiver.Url);
        Assert.Equal(new AlertTestResult(true, "It answered 204."), await TestAsync(fleet));
        receiver.Answer = _ => 403;
        Assert.Equal(new AlertTestResult(false, "It answered 403."), await TestAsync(fleet));
        using var none = await fleet.Http.PostAsync("alerts/channels/none/test", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task An_acknowledged_alert_stands_with_who_and_why_and_a_silence_keeps_the_next_one_quiet()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        await fleet.WebhookAsync("ops", receiver.Url);
        await fleet.OfflineAtOnceAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SayOnlineAsync();
        await device.SayOfflineAsync();
        await FleetHost.UntilAsync(async () => (await fleet.AlertsAsync()).Length == 1, "an alert");
        var alert = Assert.Single(await fleet.AlertsAsync());
        using (var empty = await fleet.Http.PostAsJsonAsync($"alerts/{alert.Id}/acknowledge", new AlertAction("operator", ""), ContractsJson.Default.Options, TestContext.Current.CancellationToken)) Assert.Equal(HttpStatusCode.UnprocessableEntity, empty.StatusCode);
        foreach (var expected in (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Conflict])
        {
            using var answer = await fleet.Http.PostAsJsonAsync($"alerts/{alert.Id}/acknowledge", new AlertAction("operator", "on my way"), ContractsJson.Default.Options, TestContext.Current.CancellationToken);
            Assert.Equal(expected, answer.StatusCode);
        }
        Assert.Equal((AlertState.Acknowledged, "on my way"), ((await fleet.AlertsAsync())[0].State, (await fleet.AlertsAsync())[0].Acknowledged!.Reason));
        using (var made = await fleet.Http.PostAsJsonAsync("alerts/silences", new SilenceRequest("site=plant", DateTimeOffset.UtcNow.AddHours(1), "operator", "maintenance"), ContractsJson.Default.Options, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        await using var other = await fleet.ConnectDeviceAsync("press-2");
        await other.SayOnlineAsync();
        await other.SayOfflineAsync();
        await FleetHost.UntilAsync(async () => (await fleet.AlertsAsync("?state=silenced")).Length == 1, "a silenced alert");
        Assert.Single(receiver.Got);
    }

    private static async Task<AlertChannelView> ChannelAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync<AlertChannelView>("alerts/channels/ops", ContractsJson.Default.Options, TestContext.Current.CancellationToken))!;

    private static async Task<AlertTestResult> TestAsync(FleetHost fleet)
    {
        using var answer = await fleet.Http.PostAsync("alerts/channels/ops/test", null, TestContext.Current.CancellationToken);
        return (await answer.Content.ReadFromJsonAsync<AlertTestResult>(ContractsJson.Default.Options, TestContext.Current.CancellationToken))!;
    }

    [GeneratedRegex("```python\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Python();
}
