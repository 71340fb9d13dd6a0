using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>A notification as a CloudEvent 1.0 in structured JSON. Pure.</summary>
internal static class CloudEvent
{
    public const string ContentType = "application/cloudevents+json";
    public const string Type = "io.cvops.alert-notification.v1";

    /// <param name="id">The same in each try: whoever gets it twice knows.</param>
    /// <param name="source">The fleet's address.</param>
    public static byte[] Write(string id, string source, DateTimeOffset at, AlertNotification notification)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("specversion", "1.0");
            json.WriteString("id", id);
            json.WriteString("source", source);
            json.WriteString("type", Type);
            json.WriteString("time", at);
            if (notification.Alerts is [var only]) json.WriteString("subject", only.Subject);
            json.WriteString("datacontenttype", "application/json");
            json.WritePropertyName("data");
            JsonSerializer.Serialize(json, notification, ContractsJson.Default.AlertNotification);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }
}
