using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Storage;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class DeadLetterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_are_listed_newest_first_by_device_and_reason_counted_and_paged()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var one = await fleet.ConnectDeviceAsync("line-1");
        await using var ten = await fleet.ConnectDeviceAsync("line-10");
        await one.SendAsync(one.Topics.Health, "{"u8.ToArray());
        await one.SendAsync(one.Topics.Health, "[1]"u8.ToArray());
        await ten.SendAsync(ten.Topics.Inspection(new CameraId("cam")), [0xff, 0x00, (byte)'A']);
        await FleetHost.UntilAsync(async () => (await PageAsync(fleet)).Total == 3, "three letters");
        var all = await PageAsync(fleet);
        Assert.Equal(all.Letters.Select(letter => letter.Row).OrderDescending(), all.Letters.Select(letter => letter.Row));
        Assert.Equal(3, all.Counts.Sum(count => count.Letters));
        Assert.Equal(["line-1", "line-1"], (await PageAsync(fleet, "?device=line-1")).Letters.Select(letter => letter.Topic.Split('/')[3]));
        var bytes = Assert.Single((await PageAsync(fleet, "?reason=INSPECTION")).Letters);
        Assert.Contains("ff 00 41", bytes.Text, StringComparison.Ordinal);
        Assert.EndsWith("..A", bytes.Text, StringComparison.Ordinal);
        var first = await PageAsync(fleet, "?limit=2");
        Assert.Equal(all.Letters[2].Row, Assert.Single((await PageAsync(fleet, $"?limit=2&before={first.Next}")).Letters).Row);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fleet.Http.GetAsync(new Uri("deadletters?device=a*", UriKind.Relative), Token)).StatusCode);
    }

    [Fact]
    public async Task A_letter_that_can_be_read_by_now_is_applied_once_however_far_its_device_has_come_and_the_audit_log_says_who_asked()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var early = device.Inspection(7);
        for (var i = 0; i < 5; i++) await device.SendAsync(device.Inspection(i) with { Origin = new Origin(device.Id, 1, 10_000 + i) });
        await FleetHost.UntilAsync(async () => await InspectionsAsync(fleet) == 5, "five inspections");
        var row = await SetAsideAsync(fleet, device.Topics.Inspection(early.Camera), JsonSerializer.SerializeToUtf8Bytes(early, ContractsJson.Default.InspectionReport));
        using var done = await PostAsync(fleet, row, "retry");
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal(6, await InspectionsAsync(fleet));
        using var again = await PostAsync(fleet, row, "retry");
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(6, await InspectionsAsync(fleet));
        var entry = (await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, Token))!.Entries.Single(entry => entry.Action == "deadletter.retried");
        Assert.Equal(("ann", device.Topics.Inspection(early.Camera)), (entry.By, entry.Subject));
    }

    [Theory]
    [InlineData("health", "{", "refused as before")]
    [InlineData("status", """{"device":"line-1","connectivity":"Offline","boot":1,"agentVersion":"1"}""", "old news")]
    public async Task A_letter_that_cannot_or_must_not_be_applied_stays_until_it_is_discarded(string leaf, string payload, string why)
    {
        await using var fleet = await FleetHost.StartAsync();
        var row = await SetAsideAsync(fleet, $"cvops/v1/plant/line-1/{leaf}", Encoding.UTF8.GetBytes(payload));
        using var refused = await PostAsync(fleet, row, "retry");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains(why, await refused.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        Assert.Equal(1, (await PageAsync(fleet)).Total);
        using var discarded = await PostAsync(fleet, row, "discard");
        Assert.Equal(HttpStatusCode.OK, discarded.StatusCode);
        Assert.Equal(0, (await PageAsync(fleet)).Total);
        using var gone = await PostAsync(fleet, row, "discard");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_message_that_cannot_be_applied_waits_until_it_can_be_set_aside()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var poison = await FailingTable.OfAsync(fleet, "inspections", code: FailingTable.Constraint);
        var full = await FailingTable.OfAsync(fleet, "dead_letters");
        await device.SendAsync(device.Inspection());
        await FleetHost.UntilAsync(() => Task.FromResult(full.Failures > 1), "it is tried again");
        full.Heal();
        await FleetHost.UntilAsync(async () => (await PageAsync(fleet)).Total == 1, "it is set aside");
        poison.Heal();
        await device.SendAsync(device.Inspection());
        await FleetHost.UntilAsync(async () => await InspectionsAsync(fleet) == 1, "what comes afterwards is taken in");
    }

    [Fact]
    public async Task A_letter_is_not_discarded_or_applied_without_its_entry_in_the_audit_log()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var row = await SetAsideAsync(fleet, device.Topics.Inspection(new CameraId("cam")), JsonSerializer.SerializeToUtf8Bytes(device.Inspection(), ContractsJson.Default.InspectionReport));
        var full = await FailingTable.OfAsync(fleet, "audit");
        Assert.False((await PostAsync(fleet, row, "discard")).IsSuccessStatusCode);
        Assert.False((await PostAsync(fleet, row, "retry")).IsSuccessStatusCode);
        Assert.Equal(1, (await PageAsync(fleet)).Total);
        full.Heal();
        Assert.True((await PostAsync(fleet, row, "retry")).IsSuccessStatusCode);
        Assert.Equal(1, await InspectionsAsync(fleet));
    }

    [Fact]
    public async Task Of_a_message_beyond_the_limit_the_beginning_is_kept_and_it_is_not_tried_again()
    {
        await using var fleet = await FleetHost.StartAsync();
        await fleet.Services.GetRequiredService<IngestStore>().ApplyAsync(
            [new MessageReader().Read("cvops/v1/plant/line-1/health", new(new byte[Limits.MessageBytes + 1]))], Token);
        var letter = Assert.Single((await PageAsync(fleet)).Letters);
        Assert.Equal((Limits.MessageBytes + 1, false), (letter.Bytes, letter.Whole));
        using var refused = await PostAsync(fleet, letter.Row, "retry");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
    }

    [Fact]
    public async Task The_page_shows_the_letters_and_every_page_how_many_there_are()
    {
        await using var fleet = await FleetHost.StartAsync();
        Assert.Contains("No message has been set aside", await HtmlAsync(fleet, "/deadletters"), StringComparison.Ordinal);
        await SetAsideAsync(fleet, "cvops/v1/plant/line-1/health", """{"a":"<script>alert(1)</script>"}"""u8.ToArray());
        var html = await HtmlAsync(fleet, "/deadletters?device=line-1");
        Assert.Contains("cvops/v1/plant/line-1/health", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.Contains("No letter fits", await HtmlAsync(fleet, "/deadletters?device=line-2"), StringComparison.Ordinal);
        Assert.Contains("""<span class="badge bad">1</span>""", await HtmlAsync(fleet, "/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zone_reports_are_kept_and_add_up_on_the_devices_page()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        ZoneReport Report(int present, long entered, long left) => new()
        {
            Origin = device.NextOrigin(), Camera = new CameraId("cam"), From = DateTimeOffset.UtcNow.AddMinutes(-1), To = DateTimeOffset.UtcNow, Frames = 100,
            Zones = [new ZoneCount("gate", "person", present, entered, left, 10 * left, 12, 1)], Lines = [new LineCount("belt", "box", 3, 1)],
        };
        var twice = Report(2, 4, 2);
        foreach (var report in new[] { twice, twice, Report(1, 1, 2) }) await device.SendAsync(device.Topics.Zone(report.Camera), report, ContractsJson.Default.ZoneReport);
        var log = fleet.Services.GetRequiredService<InspectionLog>();
        await FleetHost.UntilAsync(async () => (await log.ZonesAsync(device.Id, Token)).Counts is [{ Name: "belt", In: 6 }, _], "two reports");
        Assert.Equal(new ZoneTotal(new CameraId("cam"), "gate", "person", 5, 4, 1, 10, 12, 2), (await log.ZonesAsync(device.Id, Token)).Counts[1]);
        Assert.Contains("gate", await HtmlAsync(fleet, "/devices/line-1"), StringComparison.Ordinal);
    }

    private static async Task<DeadLetterPage> PageAsync(FleetHost fleet, string query = "") =>
        (await fleet.Http.GetFromJsonAsync($"deadletters{query}", ContractsJson.Default.DeadLetterPage, Token))!;

    private static Task<HttpResponseMessage> PostAsync(FleetHost fleet, long row, string verb) =>
        fleet.Http.PostAsJsonAsync($"deadletters/{row}/{verb}", new DeadLetterAction("ann", "a test"), ContractsJson.Default.DeadLetterAction, Token);

    /// <summary>As a fleet that could not read it would have.</summary>
    private static async Task<long> SetAsideAsync(FleetHost fleet, string topic, byte[] payload)
    {
        await fleet.Services.GetRequiredService<IngestStore>().SetAsideAsync(new Message(topic, null, null, null, payload), "A fleet of before could not read it.", Token);
        return await fleet.Services.GetRequiredService<Database>().ReadAsync(connection => connection.ExecuteScalar<long>("SELECT max(row) FROM dead_letters"), Token);
    }

    private static async Task<long> InspectionsAsync(FleetHost fleet) =>
        (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Token))!.Sum(device => device.Inspections);

    private static Task<string> HtmlAsync(FleetHost fleet, string page) => fleet.Http.GetStringAsync(new Uri(page, UriKind.Relative), Token);
}
