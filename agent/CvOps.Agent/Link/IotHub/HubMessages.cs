using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CvOps.Contracts;
using Microsoft.Azure.Devices.Client;

namespace CvOps.Agent.Link.IotHub;

/// <summary>How a message of ours looks to a hub. Its routes see the properties <c>kind</c>, <c>site</c> and <c>camera</c>, and into the body.</summary>
internal static class HubMessages
{
    /// <summary>A hub takes 256 KB with the properties; ours have less than the difference.</summary>
    public const int MostBytes = (256 - 4) * 1024;

    private const int NameDigits = 32;

    /// <summary>The caller disposes it; the payload must stay as it is until the message was sent.</summary>
    public static Message Of(ParsedTopic topic, ReadOnlyMemory<byte> payload)
    {
        // Over the caller's bytes, not a copy of them.
        var body = MemoryMarshal.TryGetArray(payload, out var bytes) ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false) : new MemoryStream(payload.ToArray(), writable: false);
        var message = new Message(body) { ContentType = TopicRule.ContentType, ContentEncoding = "utf-8" };
        message.Properties["kind"] = KindOf(topic);
        message.Properties["site"] = topic.Site.Value;
        if (topic.Camera is { } camera) message.Properties["camera"] = camera.Value;
        return message;
    }

    /// <summary>Name of the blob that stands for a message too large for one. The same message gets the same name: sent again, it replaces itself.</summary>
    public static string BlobOf(ParsedTopic topic, ReadOnlySpan<byte> payload)
    {
        var name = topic.Kind == TopicKind.Frame ? topic.Leaf : Convert.ToHexStringLower(SHA256.HashData(payload))[..NameDigits];
        return topic.Camera is { } camera ? $"{KindOf(topic)}/{camera}/{name}.json" : $"{KindOf(topic)}/{name}.json";
    }

    private static string KindOf(ParsedTopic topic) => TopicCatalog.Of(topic.Kind).Suffix.Split('/')[0];
}
