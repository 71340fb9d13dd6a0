using CvOps.Contracts.Alerts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Contracts;

/// <summary>Who publishes on a topic.</summary>
public enum TopicDirection { FromDevice, ToDevice }

/// <summary>One kind of topic.</summary>
/// <param name="Suffix">Behind <c>cvops/v1/{site}/{device}/</c>, with the names of its parameters in braces.</param>
/// <param name="Retained">Whoever subscribes later gets the newest one at once.</param>
/// <param name="Message">The record of its payload.</param>
/// <param name="Summary">In a sentence, for whoever reads the AsyncAPI document.</param>
public sealed record TopicRule(TopicKind Kind, string Suffix, TopicDirection Direction, bool Retained, Type Message, string Summary)
{
    /// <summary>Every topic's quality of service.</summary>
    public const int QoS = 1;

    /// <summary>Every payload's media type, and the MQTT 5 content type.</summary>
    public const string ContentType = "application/json";

    /// <summary>The whole topic, parameters in braces.</summary>
    public string Address { get; } = $"{Topics.Root}/{{site}}/{{device}}/{Suffix}";

    /// <summary>The part behind site and device as a subscription: a <c>+</c> for each parameter.</summary>
    public string Filter { get; } = string.Join('/', Suffix.Split('/').Select(level => level.StartsWith('{') ? "+" : level));

    /// <summary>How the part behind site and device begins; all of it where there are no parameters.</summary>
    public string Head { get; } = Suffix.Split('{')[0];

    /// <summary>Whether programs that only listen may: not to wishes, which carry the addresses of packages.</summary>
    public bool IsForReaders => (Direction == TopicDirection.FromDevice && Kind != TopicKind.CertificateRequest) || Kind == TopicKind.Alert;

    /// <summary>The CloudEvents type of what travels on it.</summary>
    public string EventType { get; } = $"io.cvops.{string.Join('-', Suffix.Split('/').Where(level => !level.StartsWith('{')))}.v1";

    /// <summary>The <c>$id</c> of the payload's JSON Schema, and its CloudEvents dataschema.</summary>
    public string SchemaId { get; } = TopicCatalog.SchemaIdOf(Message.Name);
}

/// <summary>
/// All topics of CvOps in one table. The broker's access list, the AsyncAPI document and the JSON Schemas are made of it;
/// <see cref="Topics"/> builds and parses the same topics where speed counts, and a test holds the two together.
/// </summary>
public static class TopicCatalog
{
    public static IReadOnlyList<TopicRule> All { get; } =
    [
        new(TopicKind.Status, "status", TopicDirection.FromDevice, true, typeof(DeviceStatus), "Whether the device is there. The broker publishes it as the device's last will."),
        new(TopicKind.Birth, "birth", TopicDirection.FromDevice, true, typeof(DeviceBirth), "What the device is and what it says, for whoever comes later."),
        new(TopicKind.Inspection, "inspection/{camera}", TopicDirection.FromDevice, false, typeof(InspectionReport), "One frame inspected; every frame of every camera."),
        new(TopicKind.Health, "health", TopicDirection.FromDevice, true, typeof(DeviceHealth), "How the device and its cameras are, every few seconds."),
        new(TopicKind.Drift, "drift/{camera}", TopicDirection.FromDevice, false, typeof(DriftWindow), "Statistics of one camera's pictures and predictions over a window."),
        new(TopicKind.Zone, "zone/{camera}", TopicDirection.FromDevice, false, typeof(ZoneReport), "What went on in one camera's zones and over its lines for a while."),
        new(TopicKind.Frame, "frame/{camera}/{frame}", TopicDirection.FromDevice, false, typeof(SampledFrame), "A frame that is worth a person's look, with its picture."),
        new(TopicKind.TwinDesired, "twin/desired", TopicDirection.ToDevice, true, typeof(TwinDesired), "What the fleet wants of the device."),
        new(TopicKind.TwinReported, "twin/reported", TopicDirection.FromDevice, true, typeof(TwinReported), "What the device says of itself: its model, the update in progress, its cameras."),
        new(TopicKind.Command, "command/{name}", TopicDirection.ToDevice, false, typeof(Command), "An order to the device, answered once."),
        new(TopicKind.Response, "response/{id}", TopicDirection.FromDevice, false, typeof(CommandResponse), "The answer to the command of that id."),
        new(TopicKind.CertificateRequest, "identity/request", TopicDirection.FromDevice, false, typeof(CertificateRenewal), "The device asks for the certificate that follows its own."),
        new(TopicKind.Certificate, "identity/certificate", TopicDirection.ToDevice, false, typeof(CertificateAnswer), "The next certificate, or why there is none."),
        new(TopicKind.Alert, "alert/{rule}", TopicDirection.ToDevice, false, typeof(AlertMessage), "An alert about the device, told by the fleet; site and device are both `fleet` where no device is meant."),
    ];

    public static TopicRule Of(TopicKind kind) => ByKind[(int)kind];

    /// <param name="suffix">Behind <c>cvops/v1/{site}/{device}/</c>. Its parameters are not looked at; for that there is <see cref="Topics.TryParse"/>.</param>
    /// <returns>The kind of topic that begins so, without an allocation; null when there is none.</returns>
    public static TopicRule? Find(ReadOnlySpan<char> suffix)
    {
        foreach (var rule in ByKind)
        {
            if (suffix.StartsWith(rule.Head, StringComparison.Ordinal) && (suffix.Length > rule.Head.Length) == (rule.Suffix.Length > rule.Head.Length)) return rule;
        }
        return null;
    }

    /// <summary>The <c>$id</c> of a record's JSON Schema.</summary>
    public static string SchemaIdOf(string record) => $"urn:cvops:v1:{record}";

    private static readonly TopicRule[] ByKind = [.. All.OrderBy(rule => rule.Kind)];
}
