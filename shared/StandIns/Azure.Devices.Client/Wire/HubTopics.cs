using System.Globalization;
using System.Text;
using Microsoft.Azure.Devices.Client.Exceptions;

namespace Microsoft.Azure.Devices.Client.Wire;

/// <summary>The hub's MQTT topics, as it documents them.</summary>
internal static class HubTopics
{
    public const string ApiVersion = "api-version=2020-09-30";
    public const string TwinResponses = "$iothub/twin/res/";
    public const string TwinPatches = "$iothub/twin/PATCH/properties/desired/";
    public const string Methods = "$iothub/methods/POST/";

    private const int LongestTopic = ushort.MaxValue;
    private const string RequestId = "?$rid=";

    public static string TwinGet(string requestId) => $"$iothub/twin/GET/{RequestId}{requestId}";

    public static string TwinPatch(string requestId) => $"$iothub/twin/PATCH/properties/reported/{RequestId}{requestId}";

    public static string MethodResponse(int status, string requestId) => string.Create(CultureInfo.InvariantCulture, $"$iothub/methods/res/{status}/{RequestId}{requestId}");

    /// <summary>The telemetry topic with the message's properties, URL-encoded.</summary>
    /// <exception cref="MessageTooLargeException">The properties do not fit a topic.</exception>
    public static string Events(string deviceId, Message message)
    {
        var topic = new StringBuilder($"devices/{deviceId}/messages/events/");
        var first = true;
        Add("$.mid", message.MessageId);
        Add("$.cid", message.CorrelationId);
        Add("$.ctime", message.CreationTimeUtc == default ? null : message.CreationTimeUtc.ToString("o", CultureInfo.InvariantCulture));
        Add("$.ct", message.ContentType);
        Add("$.ce", message.ContentEncoding);
        foreach (var (name, value) in message.Properties) Add(name, value);
        if (!first) topic.Append('/');
        var text = topic.ToString();
        return Encoding.UTF8.GetByteCount(text) <= LongestTopic
            ? text
            : throw new MessageTooLargeException($"TopicName for MQTT packet cannot be larger than {LongestTopic} bytes; the message's properties are too long.");

        void Add(string name, string? value)
        {
            if (value is null) return;
            if (!first) topic.Append('&');
            first = false;
            topic.Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }
    }

    /// <summary>Takes <c>$iothub/twin/res/{status}/?$rid={id}&amp;...</c> apart.</summary>
    public static bool TryTwinResponse(string topic, out int status, out string requestId)
    {
        (status, requestId) = (0, "");
        var parts = topic[TwinResponses.Length..].Split('/', 2);
        if (parts.Length < 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out status)) return false;
        requestId = Query(parts[1], "$rid") ?? "";
        return requestId.Length > 0;
    }

    /// <summary>Takes <c>$iothub/methods/POST/{name}/?$rid={id}</c> apart.</summary>
    public static bool TryMethod(string topic, out string name, out string requestId)
    {
        var parts = topic[Methods.Length..].Split('/', 2);
        (name, requestId) = (Uri.UnescapeDataString(parts[0]), parts.Length < 2 ? "" : Query(parts[1], "$rid") ?? "");
        return name.Length > 0 && requestId.Length > 0;
    }

    private static string? Query(string query, string name) => query.TrimStart('?').Split('&')
        .Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2 && pair[0] == name).Select(pair => Uri.UnescapeDataString(pair[1])).FirstOrDefault();
}
