using System.Text;
using CvOps.Agent.Link;
using CvOps.Contracts;
using MQTTnet.Packets;

namespace CvOps.Agent.Tests.Link;

public sealed class CloudEventPropertiesTests
{
    private static readonly Topics Own = new(new SiteId("plant-a"), new DeviceId("press-1"));
    private static readonly CameraId Camera = new("cam-1");
    private readonly CloudEventProperties _properties = new(new CloudEventNames(new SiteId("plant-a"), new DeviceId("press-1")));

    [Fact]
    public void An_inspection_has_every_attribute() => Assert.Equal(
        """
        specversion = 1.0
        id = 3-41-2
        source = /cvops/plant-a/press-1
        type = io.cvops.inspection.v1
        time = 2026-05-04T12:00:00.125+00:00
        subject = cam-1
        dataschema = urn:cvops:v1:InspectionReport
        """,
        Text(Own.Inspection(Camera), """{"origin":{"device":"press-1","boot":3,"sequence":41,"stream":2},"camera":"cam-1","frame":0,"part":"\u0022capturedAt\u0022:\u0022x","capturedAt":"2026-05-04T12:00:00.125+00:00","timeSource":"Host"}"""));

    [Theory]
    [InlineData("""{"origin":{"device":"press-1","boot":3,"sequence":41},"at":"2026-05-04T12:00:00+00:00"}""", "3-41")]
    [InlineData("""{"origin":{"device":"press-1","boot":9223372036854775807,"sequence":9223372036854775807,"stream":15},"at":"x"}""", "9223372036854775807-9223372036854775807-15")]
    public void An_id_is_the_messages_origin(string payload, string id)
    {
        Assert.Contains($"id = {id}\n", Text(Own.Health, payload), StringComparison.Ordinal);
        Assert.Equal(Text(Own.Health, payload), Text(Own.Health, payload));
    }

    [Fact]
    public void Messages_without_an_origin_have_an_id_of_what_makes_them_the_only_one()
    {
        Assert.Contains("id = response-c-7\n", Text(Own.Response("c-7"), """{"id":"c-7"}"""), StringComparison.Ordinal);
        Assert.Contains("id = twin/reported-2026-05-04T12:00:00+00:00\n", Text(Own.TwinReported, """{"desiredVersion":1,"boot":1,"at":"2026-05-04T12:00:00+00:00"}"""), StringComparison.Ordinal);
        Assert.NotEqual(Text(Own.Status, "{}"), Text(Own.Status, "{}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("""{"origin":{"device":"press-1","boot":""")]
    [InlineData("""{"origin":{"device":"press-1","boot":-1,"sequence":x}}""")]
    [InlineData("""{"origin":{"device":"press-1","boot":11111111111111111111111111111111111111111111,"sequence":22222222222222222222222222222222222}}""")]
    [InlineData("""{"at":""")]
    [InlineData("""{"at":"unended""")]
    public void A_payload_that_is_none_still_has_the_attributes_that_must_be_there(string payload)
    {
        var text = Text(Own.Health, payload);
        Assert.All(["specversion = 1.0", "id = health-", "source = ", "type = io.cvops.health.v1"], part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_topic_that_devices_write_has_a_type_and_a_schema()
    {
        foreach (var rule in TopicCatalog.All)
        {
            var topic = rule.Address.Replace("{site}", "plant-a", StringComparison.Ordinal).Replace("{device}", "press-1", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
            if (rule.Direction == TopicDirection.ToDevice) Assert.Null(_properties.Of(topic, "{}"u8));
            else Assert.EndsWith($"dataschema = {rule.SchemaId}", Text(topic, "{}"), StringComparison.Ordinal);
        }
        Assert.Null(_properties.Of("cvops/v1/plant-a/press-2/health", "{}"u8));
    }

    [Fact]
    public void After_the_first_nothing_is_allocated()
    {
        var topic = Own.Inspection(Camera);
        var payload = """{"origin":{"device":"press-1","boot":3,"sequence":41,"stream":2},"camera":"cam-1","capturedAt":"2026-05-04T12:00:00.125+00:00"}"""u8.ToArray();
        _properties.Of(topic, payload);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) _properties.Of(topic, payload);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private string Text(string topic, string payload) =>
        string.Join('\n', _properties.Of(topic, Encoding.UTF8.GetBytes(payload))!.Select(property => $"{property.Name} = {property.ReadValueAsString()}"));
}
