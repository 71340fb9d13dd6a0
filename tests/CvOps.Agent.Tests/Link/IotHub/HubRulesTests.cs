using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Agent.Link;
using CvOps.Agent.Link.IotHub;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Azure.Devices.Client.Exceptions;

namespace CvOps.Agent.Tests.Link.IotHub;

public sealed class HubRulesTests
{
    [Fact]
    public void A_reported_twin_that_fits_is_left_whole()
    {
        var (document, leftOut) = ReportedRule.Fit(Reported(2));
        Assert.Empty(leftOut);
        Assert.Equal(2, document["cameras"]!.AsArray().Count);
    }

    [Fact]
    public void A_reported_twin_too_large_for_a_hub_says_what_it_leaves_out()
    {
        var (document, leftOut) = ReportedRule.Fit(Reported(500));
        Assert.Equal(["cameras"], leftOut);
        Assert.Equal("""["cameras"]""", document[ReportedRule.LeftOut]!.ToJsonString());
        Assert.True(Encoding.UTF8.GetByteCount(document.ToJsonString()) <= 32 * 1024);
        Assert.Equal("1.0", (string?)document["agentVersion"]);
    }

    [Fact]
    public void A_long_text_is_cut_between_characters()
    {
        var reason = string.Concat(Enumerable.Repeat("ä😀", 2000));
        var cut = (string)ReportedRule.Fit(Reported(0, reason)).Document["model"]!["reason"]!;
        Assert.InRange(Encoding.UTF8.GetByteCount(cut), 4000, 4096);
        Assert.StartsWith(cut[..^1], reason, StringComparison.Ordinal);
        Assert.Equal(cut, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(cut)));
    }

    [Fact]
    public void What_others_put_among_the_reported_properties_stays()
    {
        var own = ReportedRule.Own((JsonObject)JsonNode.Parse("""{"boot":1,"model":{"state":"Idle"},"firmware":"3","$version":4}""")!);
        Assert.Equal("""{"boot":1,"model":{"state":"Idle"}}""", own.ToJsonString());
    }

    [Fact]
    public void Desired_changes_are_merged_in_their_order_and_a_gap_is_noticed()
    {
        var desired = new DesiredDocument();
        Assert.False(desired.TryApply("""{"$version":3}"""));
        Assert.True(desired.Replace("""{"other":1,"$version":3,"$metadata":{}}"""));
        Assert.Equal((3L, null), (desired.Read().Version, desired.Read().Model));
        Assert.True(desired.TryApply($$"""{"model":{{Model("a")}},"$version":4}"""));
        Assert.Equal((4L, "a"), (desired.Read().Version, desired.Read().Model!.Model.Version));
        Assert.True(desired.TryApply("""{"model":null,"$version":4}"""));
        Assert.NotNull(desired.Read().Model);
        Assert.False(desired.TryApply("""{"model":null,"$version":6}"""));
        Assert.False(desired.Replace("""{"$version":3}"""));
        Assert.True(desired.TryApply("""{"model":null,"$version":5}"""));
        Assert.Null(desired.Read().Model);
    }

    [Fact]
    public void A_version_of_the_documents_own_goes_before_the_hubs()
    {
        var desired = new DesiredDocument();
        desired.Replace("""{"version":100,"$version":3}""");
        Assert.Equal(100, desired.Read().Version);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"model":{"url":7},"$version":1}""")]
    [InlineData("""{"version":"x","$version":1}""")]
    public void Desired_properties_that_are_none_are_refused(string json) => Assert.ThrowsAny<JsonException>(() =>
    {
        var desired = new DesiredDocument();
        desired.Replace(json);
        desired.Read();
    });

    [Fact]
    public void A_message_has_its_kind_site_and_camera_as_properties()
    {
        var topics = new Topics(new SiteId("plant"), new DeviceId("press-1"));
        Assert.True(Topics.TryParse(topics.Frame(new CameraId("cam-1"), "f1"), out var frame));
        using var message = HubMessages.Of(frame, "{}"u8.ToArray());
        Assert.Equal(["camera=cam-1", "kind=frame", "site=plant"], message.Properties.Select(it => $"{it.Key}={it.Value}").Order(StringComparer.Ordinal));
        Assert.Equal("frame/cam-1/f1.json", HubMessages.BlobOf(frame, "{}"u8));
        Assert.True(Topics.TryParse(topics.Health, out var health));
        Assert.Matches("^health/[0-9a-f]{32}\\.json$", HubMessages.BlobOf(health, "{}"u8));
        Assert.Equal(HubMessages.BlobOf(health, "{}"u8), HubMessages.BlobOf(health, "{}"u8));
    }

    [Fact]
    public void A_hub_that_hangs_up_makes_no_message_suspect()
    {
        Assert.Equal(PublishVerdict.Unknown, HubOutcome.Of(new IotHubCommunicationException("gone"))!.Value.Verdict);
        Assert.Equal(PublishVerdict.Unknown, HubOutcome.Of(new QuotaExceededException("full"))!.Value.Verdict);
        Assert.Equal(PublishVerdict.Refused, HubOutcome.Of(new MessageTooLargeException("large"))!.Value.Verdict);
        Assert.Equal(PublishVerdict.Refused, HubOutcome.Of(new ArgumentException("no storage"))!.Value.Verdict);
        Assert.Null(HubOutcome.Of(new NullReferenceException()));
    }

    private static string Model(string version) =>
        JsonSerializer.Serialize(new DesiredModel(new ModelRef("line", version, new string('a', 64)), null, new Uri("http://fleet/x.cvmodel"), 1, false), ContractsJson.Default.DesiredModel);

    private static TwinReported Reported(int cameras, string? reason = null) => new()
    {
        DesiredVersion = 1, Boot = 1, At = DateTimeOffset.UnixEpoch, AgentVersion = "1.0", Provider = "cpu",
        Cameras = [.. Enumerable.Range(0, cameras).Select(index => new ReportedCamera(new CameraId($"cam-{index}"), $"rtsp://10.0.0.1/{index}/{new string('x', 40)}", 1920, 1080))],
        Model = new ReportedModel { State = UpdateState.Idle, Reason = reason },
    };
}
