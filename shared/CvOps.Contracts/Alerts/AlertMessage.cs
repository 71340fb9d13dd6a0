using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Alerts;

/// <summary>How much an alert matters. Stored and sent by name; only ever added to.</summary>
public enum AlertSeverity { Info, Warning, Critical }

/// <summary>
/// Where an alert is. Pending: what it is about holds, but not for long enough. Firing: people are told. Acknowledged: somebody looks after it. Silenced: a silence
/// says that nobody wants to hear of it. Resolved: it is over. Stored and sent by name; only ever added to.
/// </summary>
public enum AlertState { Pending, Firing, Acknowledged, Silenced, Resolved }

/// <summary>Why people are told. Reminder: it still fires. Escalated: nobody acknowledged it in time. Test: a person tries the channel.</summary>
public enum AlertNotice { Fired, Reminder, Escalated, Resolved, Test }

/// <summary>One alert as channels tell it. Topic <c>alert/{rule}</c>, where site and device are <c>fleet</c> when no device is meant.</summary>
public sealed record AlertMessage
{
    /// <summary>The same from firing to resolved.</summary>
    public required string Id { get; init; }

    public required AlertNotice Notice { get; init; }

    /// <summary>Name of the rule.</summary>
    [Wire(Pattern = WireAttribute.Name)]
    public required string Rule { get; init; }

    /// <summary>What it is about: <c>press-1</c>, <c>press-1/cam-1</c>, <c>rollout-3</c>, <c>fleet</c>.</summary>
    public required string Subject { get; init; }

    public required AlertSeverity Severity { get; init; }

    public required AlertState State { get; init; }

    /// <summary>What is wrong and what to do, in a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Since when it holds.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When this was said.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Page of the dashboard that shows it; null when there is none.</summary>
    public string? Link { get; init; }

    /// <summary>What silences and rules ask for: device, site, camera, rollout, and the device's own labels, as far as there are.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();
}

/// <summary>Alerts that belong together, told at once: the data of a webhook's CloudEvent.</summary>
/// <param name="Title">What it is about in a line.</param>
/// <param name="Severity">The worst of all.</param>
/// <param name="Total">How many alerts there are; <paramref name="Alerts"/> has the first hundred.</param>
public sealed record AlertNotification(string Title, AlertSeverity Severity, [Wire(Minimum = 1)] int Total, IReadOnlyList<AlertMessage> Alerts);
