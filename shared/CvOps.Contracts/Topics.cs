using System.Diagnostics.CodeAnalysis;

namespace CvOps.Contracts;

/// <summary>What a topic carries.</summary>
public enum TopicKind { Status, Inspection, Health, Drift, Frame, TwinDesired, TwinReported, Command, Response, Zone, CertificateRequest, Certificate, Birth, Alert }

/// <summary>
/// Every MQTT topic of CvOps: <c>cvops/v1/{site}/{device}/...</c>. A device publishes and reads under its own two levels only;
/// the broker's access list says the same (the certificate's common name is the device id).
/// </summary>
public sealed class Topics(SiteId site, DeviceId device)
{
    public const string Root = "cvops/v1";

    /// <summary>Everything every device says; for the fleet's subscription.</summary>
    public const string Everything = Root + "/+/+/#";

    private readonly string _prefix = $"{Root}/{site}/{device}/";

    /// <summary>Retained; also the last will. <see cref="Telemetry.DeviceStatus"/>.</summary>
    public string Status => _prefix + "status";

    /// <summary>Retained. <see cref="Telemetry.DeviceBirth"/>.</summary>
    public string Birth => _prefix + "birth";

    /// <summary>Retained. <see cref="Telemetry.DeviceHealth"/>, every few seconds.</summary>
    public string Health => _prefix + "health";

    /// <summary>Retained. <see cref="Twin.TwinDesired"/>; the fleet writes, the device reads.</summary>
    public string TwinDesired => _prefix + "twin/desired";

    /// <summary>Retained. <see cref="Twin.TwinReported"/>.</summary>
    public string TwinReported => _prefix + "twin/reported";

    /// <summary><see cref="Identity.CertificateRenewal"/>: the device asks for its next certificate.</summary>
    public string CertificateRequest => _prefix + "identity/request";

    /// <summary><see cref="Identity.CertificateAnswer"/>; the fleet writes, the device reads.</summary>
    public string Certificate => _prefix + "identity/certificate";

    /// <summary>Every command to this device.</summary>
    public string Commands => _prefix + "command/+";

    /// <summary><see cref="Telemetry.InspectionReport"/>.</summary>
    public string Inspection(CameraId camera) => $"{_prefix}inspection/{camera}";

    /// <summary><see cref="Telemetry.DriftWindow"/>.</summary>
    public string Drift(CameraId camera) => $"{_prefix}drift/{camera}";

    /// <summary><see cref="Telemetry.ZoneReport"/>.</summary>
    public string Zone(CameraId camera) => $"{_prefix}zone/{camera}";

    /// <summary><see cref="Telemetry.SampledFrame"/>.</summary>
    public string Frame(CameraId camera, string frameId) => $"{_prefix}frame/{camera}/{frameId}";

    /// <summary><see cref="Twin.Command"/>; the name is an identifier such as <c>restart-camera</c>.</summary>
    public string Command(string name) => $"{_prefix}command/{name}";

    /// <summary><see cref="Twin.CommandResponse"/> to the command of that id.</summary>
    public string Response(string id) => $"{_prefix}response/{id}";

    /// <summary><see cref="Alerts.AlertMessage"/>; the fleet writes, everybody may read.</summary>
    public string Alert(string rule) => $"{_prefix}alert/{rule}";

    /// <summary>Takes a topic apart.</summary>
    /// <returns>False for anything that is not a topic of this tree.</returns>
    public static bool TryParse(string topic, [NotNullWhen(true)] out ParsedTopic? parsed)
    {
        parsed = null;
        var levels = topic.Split('/');
        if (levels.Length < 5 || levels[0] != "cvops" || levels[1] != "v1") return false;
        if (!levels.Skip(2).All(Identifier.IsValid)) return false;
        var rest = levels.AsSpan(4);
        (TopicKind Kind, string? Leaf)? found = (rest.Length, rest[0], rest[^1]) switch
        {
            (1, "status", _) => (TopicKind.Status, null),
            (1, "birth", _) => (TopicKind.Birth, null),
            (1, "health", _) => (TopicKind.Health, null),
            (2, "twin", "desired") => (TopicKind.TwinDesired, null),
            (2, "twin", "reported") => (TopicKind.TwinReported, null),
            (2, "identity", "request") => (TopicKind.CertificateRequest, null),
            (2, "identity", "certificate") => (TopicKind.Certificate, null),
            (2, "inspection", var camera) => (TopicKind.Inspection, camera),
            (2, "drift", var camera) => (TopicKind.Drift, camera),
            (2, "zone", var camera) => (TopicKind.Zone, camera),
            (3, "frame", var frame) => (TopicKind.Frame, frame),
            (2, "command", var name) => (TopicKind.Command, name),
            (2, "response", var id) => (TopicKind.Response, id),
            (2, "alert", var rule) => (TopicKind.Alert, rule),
            _ => null,
        };
        if (found is not { } it) return false;
        var camera1 = it.Kind is TopicKind.Inspection or TopicKind.Drift or TopicKind.Zone or TopicKind.Frame ? new CameraId(rest[1]) : (CameraId?)null;
        parsed = new ParsedTopic(new SiteId(levels[2]), new DeviceId(levels[3]), it.Kind, camera1, it.Leaf);
        return true;
    }
}

/// <summary>A topic taken apart. <paramref name="Leaf"/> is its last level where that is a name: camera, frame, command, response id or rule.</summary>
public sealed record ParsedTopic(SiteId Site, DeviceId Device, TopicKind Kind, CameraId? Camera, string? Leaf);
