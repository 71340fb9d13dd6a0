using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Contracts.Api;

/// <summary>The fleet in one look.</summary>
/// <param name="NeedsAttention">What a person should see first, most urgent first; empty when all is well.</param>
public sealed record FleetOverview(
    int Devices, int Online, int CamerasLive, int Cameras, long InspectionsToday, int RolloutsRunning, int DriftAlarms, int FramesToLabel,
    IReadOnlyList<Attention> NeedsAttention);

/// <param name="Link">Page of the dashboard that shows it, e.g. <c>/devices/line-1</c>.</param>
public sealed record Attention(string Severity, string Message, string Link, DateTimeOffset Since);

public sealed record DeviceView
{
    public required DeviceId Id { get; init; }

    public required SiteId Site { get; init; }

    public required Connectivity Connectivity { get; init; }

    public required DateTimeOffset LastSeen { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public DeviceHealth? Health { get; init; }

    public TwinDesired? Desired { get; init; }

    public TwinReported? Reported { get; init; }

    /// <summary>Inspections applied since the device is known, duplicates left out.</summary>
    public required long Inspections { get; init; }

    /// <summary>Messages the broker delivered twice and the fleet applied once.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Since when it has been online, or offline; null from before this was kept.</summary>
    public DateTimeOffset? ConnectivitySince { get; init; }

    /// <summary>It has said nothing for long although the broker holds its connection.</summary>
    public bool Overdue { get; init; }

    /// <summary>Its clock against the fleet's; null while too few reports have come since the fleet's start.</summary>
    public ClockOffset? Clock { get; init; }

    /// <summary>The newest connections and their ends, newest first; null in lists of devices.</summary>
    public IReadOnlyList<ConnectionEvent>? Connections { get; init; }
}

/// <param name="Seconds">Above 0: the device's clock is ahead.</param>
/// <param name="UncertaintySeconds">What the reports' way takes beyond its least, half of the time; how long the shortest way takes is in the offset.</param>
/// <param name="Reports">Reports it is made of.</param>
public sealed record ClockOffset(double Seconds, double UncertaintySeconds, int Reports);

/// <summary>
/// FirstHeard: nobody knew it before. SaidOnline: it connected and said so. Restarted: it said so again after a start of its agent. Ended: it said goodbye, or
/// the broker lost it and sent its last will. Silent: nothing came for too long. HeardAgain: after that, something did.
/// </summary>
public enum ConnectionReason { FirstHeard, SaidOnline, Restarted, Ended, Silent, HeardAgain }

/// <summary>A device came or went.</summary>
/// <param name="At">When the fleet learned of it.</param>
/// <param name="Boot">The device's count of starts; 0 where it has not said it.</param>
public sealed record ConnectionEvent(DateTimeOffset At, Connectivity Connectivity, ConnectionReason Reason, long Boot);

/// <summary>Labels to set; a null value removes the label.</summary>
public sealed record LabelsChange(IReadOnlyDictionary<string, string?> Labels);

/// <param name="Name">Restart-camera, ping.</param>
/// <param name="TimeoutSeconds">How long to wait for the answer.</param>
/// <param name="ExpiresSeconds">How long the device may still do it, at most an hour; 0: as long as the answer is waited for.</param>
public sealed record CommandRequest(string Name, IReadOnlyDictionary<string, string>? Arguments, double TimeoutSeconds = 10, double ExpiresSeconds = 0);

/// <summary>Waiting: the broker does not have it yet. Sent: it does, and the device has not answered. Expired: it had not when it was over.</summary>
public enum CommandState { Waiting, Sent, Done, Refused, Expired }

/// <summary>A command to a device and what became of it.</summary>
/// <param name="Message">The device's answer; null without one.</param>
public sealed record CommandView(
    string Id, DeviceId Device, string Name, IReadOnlyDictionary<string, string>? Arguments, string By, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, CommandState State,
    DateTimeOffset? AnsweredAt, string? Message);

/// <param name="Next">Cursor for the next page; also when it is empty for now.</param>
public sealed record InspectionPage(IReadOnlyList<InspectionRow> Rows, long Next);

/// <param name="Cursor">Rises with every inspection the fleet applied.</param>
/// <param name="Detections">The boxes; null for a classifier.</param>
public sealed record InspectionRow(
    long Cursor, DeviceId Device, CameraId Camera, string? Part, long Frame, int Connection, DateTimeOffset CapturedAt, string ModelDigest, string ModelVersion,
    string? Class, double Confidence, string? ShadowDigest, string? ShadowClass, string? Error,
    IReadOnlyList<Detection>? Detections = null);
