using System.Reflection;
using CvOps.Contracts;

namespace CvOps.Shared.Tests.Contracts;

public sealed class TopicsTests
{
    private static readonly SiteId Site = new("plant-a");
    private static readonly DeviceId Device = new("press.1");
    private static readonly CameraId Camera = new("cam_1");
    private static readonly Topics Own = new(Site, Device);

    private static readonly (string Member, string Topic, ParsedTopic Parsed)[] All =
    [
        (nameof(Topics.Status), Own.Status, new(Site, Device, TopicKind.Status, null, null)),
        (nameof(Topics.Birth), Own.Birth, new(Site, Device, TopicKind.Birth, null, null)),
        (nameof(Topics.Health), Own.Health, new(Site, Device, TopicKind.Health, null, null)),
        (nameof(Topics.TwinDesired), Own.TwinDesired, new(Site, Device, TopicKind.TwinDesired, null, null)),
        (nameof(Topics.TwinReported), Own.TwinReported, new(Site, Device, TopicKind.TwinReported, null, null)),
        (nameof(Topics.Inspection), Own.Inspection(Camera), new(Site, Device, TopicKind.Inspection, Camera, "cam_1")),
        (nameof(Topics.Drift), Own.Drift(Camera), new(Site, Device, TopicKind.Drift, Camera, "cam_1")),
        (nameof(Topics.Frame), Own.Frame(Camera, "f-1"), new(Site, Device, TopicKind.Frame, Camera, "f-1")),
        (nameof(Topics.Command), Own.Command("ping"), new(Site, Device, TopicKind.Command, null, "ping")),
        (nameof(Topics.Zone), Own.Zone(Camera), new(Site, Device, TopicKind.Zone, Camera, "cam_1")),
        (nameof(Topics.CertificateRequest), Own.CertificateRequest, new(Site, Device, TopicKind.CertificateRequest, null, null)),
        (nameof(Topics.Certificate), Own.Certificate, new(Site, Device, TopicKind.Certificate, null, null)),
        (nameof(Topics.Alert), Own.Alert("device-offline"), new(Site, Device, TopicKind.Alert, null, "device-offline")),
        (nameof(Topics.Response), Own.Response("c-1"), new(Site, Device, TopicKind.Response, null, "c-1")),
    ];

    [Fact]
    public void Every_topic_is_taken_apart_into_what_it_was_made_of()
    {
        Assert.All(All, it =>
        {
            Assert.True(Topics.TryParse(it.Topic, out var parsed));
            Assert.Equal(it.Parsed, parsed);
        });
        Assert.Equal(Enum.GetValues<TopicKind>(), All.Select(it => it.Parsed.Kind).Order());
    }

    [Fact]
    public void Each_kind_has_one_rule_in_the_tree_and_its_topics_follow_it()
    {
        Assert.Equal(Enum.GetValues<TopicKind>(), TopicCatalog.All.Select(rule => rule.Kind).Order());
        Assert.All(All, it =>
        {
            var (levels, rule) = (it.Topic.Split('/')[4..], TopicCatalog.Of(it.Parsed.Kind).Filter.Split('/'));
            Assert.Equal(rule.Length, levels.Length);
            Assert.All(rule.Zip(levels), pair => Assert.True(pair.First == "+" || pair.First == pair.Second, it.Topic));
        });
    }

    [Fact]
    public void Each_topic_finds_its_rule_and_its_neighbours_find_none()
    {
        Assert.All(All, it => Assert.Equal(it.Parsed.Kind, TopicCatalog.Find(string.Join('/', it.Topic.Split('/')[4..]))?.Kind));
        foreach (var suffix in new[] { "", "statuses", "status/more", "inspection", "inspection/", "twin", "twin/other", "identity", "frames/a/b" }) Assert.Null(TopicCatalog.Find(suffix));
    }

    [Fact]
    public void No_topic_is_forgotten_here()
    {
        var made = typeof(Topics).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => method.ReturnType == typeof(string)).Select(method => method.Name.Replace("get_", "", StringComparison.Ordinal));
        Assert.Equal(made.Order(), All.Select(it => it.Member).Append(nameof(Topics.Commands)).Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("cvops/v1/a")]
    [InlineData("cvops/v1/a/b")]
    [InlineData("cvops/v1/a/b/")]
    [InlineData("cvops/v1/a/b/statuses")]
    [InlineData("cvops/v2/a/b/status")]
    [InlineData("other/v1/a/b/status")]
    [InlineData("cvops/v1//b/status")]
    [InlineData("cvops/v1/a/b/status/more")]
    [InlineData("cvops/v1/a/b/inspection")]
    [InlineData("cvops/v1/a/b/inspection/c/d")]
    [InlineData("cvops/v1/a/b/frame/c")]
    [InlineData("cvops/v1/a/b/twin/wanted")]
    [InlineData("cvops/v1/a/../command/x")]
    [InlineData("cvops/v1/a/b/command/+")]
    [InlineData("cvops/v1/a/b/command/#")]
    [InlineData("/cvops/v1/a/b/status")]
    public void What_is_no_topic_of_ours_is_refused(string topic) => Assert.False(Topics.TryParse(topic, out _));
}
