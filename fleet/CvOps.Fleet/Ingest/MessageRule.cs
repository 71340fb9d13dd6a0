using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>A device speaks for itself only, about what the topic says.</summary>
internal static class MessageRule
{
    /// <returns>Why the message is not believed, in a sentence; null when it is.</returns>
    public static string? Refuse(ParsedTopic topic, object body)
    {
        if (body is ITelemetry telemetry)
        {
            if (telemetry.Origin is not { } origin) return "It has no origin.";
            if (origin.Device != topic.Device) return $"Its origin is device '{origin.Device}', the topic's is '{topic.Device}'.";
            if (origin.Boot < 1 || origin.Sequence < 1) return $"Boot {origin.Boot} and sequence {origin.Sequence} must be 1 or more.";
            if (origin.Stream is < 0 or > Limits.Streams) return $"Its stream is {origin.Stream}; streams are 0 to {Limits.Streams}.";
        }
        return body switch
        {
            DeviceStatus status when status.Device != topic.Device => $"It is the status of '{status.Device}', the topic's device is '{topic.Device}'.",
            Contracts.Twin.CommandResponse response when response.Device != topic.Device || response.Id != topic.Leaf => "It answers another command, or for another device, than its topic.",
            InspectionReport report when report.Camera != topic.Camera => Camera(report.Camera, topic),
            DriftWindow window when window.Camera != topic.Camera => Camera(window.Camera, topic),
            ZoneReport report when report.Camera != topic.Camera => Camera(report.Camera, topic),
            SampledFrame frame when frame.Camera != topic.Camera => Camera(frame.Camera, topic),
            SampledFrame frame when frame.FrameId != topic.Leaf => $"It is frame '{frame.FrameId}', the topic's is '{topic.Leaf}'.",
            SampledFrame frame when !Frames.JpegHeader.TryReadSize(frame.Jpeg, out _, out _) => "Its picture is no JPEG.",
            SampledFrame { Reasons.Count: 0 } => "It gives no reason for being sampled.",
            _ => null,
        };
    }

    private static string Camera(CameraId camera, ParsedTopic topic) => $"It is of camera '{camera}', the topic's is '{topic.Camera}'.";
}
