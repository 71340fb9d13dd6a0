namespace CvOps.Contracts;

/// <summary>Who alone may write a topic; the other side reads it.</summary>
public enum TopicWriter { Device, Fleet }

/// <param name="Filter">The levels below site and device, <c>+</c> for one that varies.</param>
public sealed record TopicRule(TopicKind Kind, string Filter, TopicWriter Writer);

/// <summary>The topic tree as data, one rule a kind: what the broker's access list and whoever describes the topics go by.</summary>
public static class TopicTree
{
    public static IReadOnlyList<TopicRule> Rules { get; } =
    [
        new(TopicKind.Status, "status", TopicWriter.Device),
        new(TopicKind.Inspection, "inspection/+", TopicWriter.Device),
        new(TopicKind.Health, "health", TopicWriter.Device),
        new(TopicKind.Drift, "drift/+", TopicWriter.Device),
        new(TopicKind.Zone, "zone/+", TopicWriter.Device),
        new(TopicKind.Frame, "frame/+/+", TopicWriter.Device),
        new(TopicKind.TwinReported, "twin/reported", TopicWriter.Device),
        new(TopicKind.Response, "response/+", TopicWriter.Device),
        new(TopicKind.CertificateRequest, "identity/request", TopicWriter.Device),
        new(TopicKind.TwinDesired, "twin/desired", TopicWriter.Fleet),
        new(TopicKind.Command, "command/+", TopicWriter.Fleet),
        new(TopicKind.Certificate, "identity/certificate", TopicWriter.Fleet),
    ];

    /// <summary>The rule of that kind.</summary>
    public static TopicRule Of(TopicKind kind) => Rules.First(rule => rule.Kind == kind);
}
