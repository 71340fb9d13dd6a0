using System.Collections.Concurrent;
using System.Text;
using CvOps.Contracts;
using MQTTnet.Packets;

namespace CvOps.Agent.Link;

/// <summary>The CloudEvents attributes that the messages of one device have in common, made once.</summary>
internal sealed class CloudEventNames
{
    private readonly string _prefix;
    private readonly CloudEventKind[] _kinds; // by TopicKind
    private readonly ConcurrentDictionary<string, MqttUserProperty> _subjects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MqttUserProperty>.AlternateLookup<ReadOnlySpan<char>> _subjectsByName;

    public CloudEventNames(SiteId site, DeviceId device)
    {
        _prefix = $"{Topics.Root}/{site}/{device}/";
        Source = Property("source", $"/cvops/{site}/{device}");
        _kinds = [.. TopicCatalog.All.OrderBy(rule => rule.Kind).Select(CloudEventKind.Of)];
        _subjectsByName = _subjects.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public MqttUserProperty SpecVersion { get; } = Property("specversion", "1.0");

    public MqttUserProperty Source { get; }

    /// <summary>Null for a topic that no device writes.</summary>
    public CloudEventKind? KindOf(string topic)
    {
        if (!topic.StartsWith(_prefix, StringComparison.Ordinal)) return null;
        return TopicCatalog.Find(topic.AsSpan(_prefix.Length)) is { Direction: TopicDirection.FromDevice, Kind: var kind } ? _kinds[(int)kind] : null;
    }

    /// <summary>The camera, where the topic has one; null elsewhere.</summary>
    public MqttUserProperty? SubjectOf(CloudEventKind kind, string topic)
    {
        if (!kind.HasCamera) return null;
        var camera = topic.AsSpan(_prefix.Length + kind.Head.Length);
        if (camera.IndexOf('/') is >= 0 and var end) camera = camera[..end];
        if (_subjectsByName.TryGetValue(camera, out var known)) return known;
        var name = camera.ToString();
        return _subjects.GetOrAdd(name, Property("subject", name));
    }

    public static MqttUserProperty Property(string name, string value) => new(name, Encoding.UTF8.GetBytes(value).AsMemory());
}
