using System.Text;
using CvOps.Contracts;
using MQTTnet.Packets;

namespace CvOps.Agent.Link;

/// <summary>What the messages of one kind of topic have in common.</summary>
/// <param name="Head">How its topics begin, behind site and device.</param>
/// <param name="Leaf">The topic ends with what makes a message the only one.</param>
/// <param name="TimeField">The text that stands before the time in the payload; null when it says none.</param>
internal sealed record CloudEventKind(string Head, bool HasCamera, bool Leaf, byte[]? TimeField, MqttUserProperty Type, MqttUserProperty Schema)
{
    public static CloudEventKind Of(TopicRule rule)
    {
        var time = rule.Kind switch
        {
            TopicKind.Inspection or TopicKind.Frame => "capturedAt",
            TopicKind.Health or TopicKind.TwinReported => "at",
            TopicKind.Drift or TopicKind.Zone => "to",
            _ => null,
        };
        return new CloudEventKind(rule.Head, rule.Suffix.Contains("{camera}", StringComparison.Ordinal), rule.Kind == TopicKind.Response, time is null ? null : Encoding.UTF8.GetBytes($"\"{time}\":\""),
            CloudEventNames.Property("type", rule.EventType), CloudEventNames.Property("dataschema", rule.SchemaId));
    }
}
