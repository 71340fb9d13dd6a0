using CvOps.Contracts.Alerts;

namespace CvOps.Contracts.Api;

/// <summary>What an alert can be about: what the fleet sees by itself. Stored by name; only ever added to.</summary>
public enum AlertSource
{
    DeviceOffline, DeviceOverdue, CameraOutage, ClockOffset, UpdateFailed, SpoolEviction, DeviceDisk, Drift, RolloutStopped, RolloutPaused, RolloutApproval, TrainingFailed,
    CandidateWaiting, DeadLetters, CertificateEnding, FleetDisk, QualityFinding, PackageLost, BrokerLost,
}

/// <summary>One alert.</summary>
public sealed record AlertView
{
    public required string Id { get; init; }

    public required string Rule { get; init; }

    /// <summary>What it is about: <c>press-1</c>, <c>press-1/cam-1</c>, <c>rollout-3</c>, <c>fleet</c>. With the rule it is the alert's key: there is one open alert of a key at most.</summary>
    public required string Subject { get; init; }

    public required AlertSeverity Severity { get; init; }

    public required AlertState State { get; init; }

    /// <summary>What is wrong and what to do, in a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Page of the dashboard that shows it.</summary>
    public required string Link { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Since when it holds.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Since when it does not hold any more, though not for long enough to be over; null while it holds.</summary>
    public DateTimeOffset? GoneSince { get; init; }

    /// <summary>Since when it fires; null while it is pending.</summary>
    public DateTimeOffset? FiringSince { get; init; }

    /// <summary>When people were last told; null: not yet.</summary>
    public DateTimeOffset? NotifiedAt { get; init; }

    /// <summary>When it went to the further channels; null: it did not.</summary>
    public DateTimeOffset? EscalatedAt { get; init; }

    public AlertDecision? Acknowledged { get; init; }

    /// <summary>Id of the silence that keeps it quiet.</summary>
    public string? Silence { get; init; }

    public DateTimeOffset? ResolvedAt { get; init; }
}

public sealed record AlertDecision(string By, DateTimeOffset At, string Reason);

/// <param name="Next">Cursor of the next page; null after the last one.</param>
public sealed record AlertPage(IReadOnlyList<AlertView> Alerts, string? Next);

/// <summary>An alert with what became of it, oldest first.</summary>
public sealed record AlertDetail(AlertView Alert, IReadOnlyList<AlertEvent> History);

public sealed record AlertEvent(DateTimeOffset At, string What, string By, string Detail);

/// <param name="Reason">For the audit log; must not be empty.</param>
public sealed record AlertAction(string By, string Reason);

/// <summary>When something becomes an alert, who is told, and how often.</summary>
public sealed record AlertRuleSettings
{
    public required AlertSource Source { get; init; }

    public AlertSeverity Severity { get; set; } = AlertSeverity.Warning;

    public bool Enabled { get; set; } = true;

    /// <summary>It has to hold so long before anybody is told.</summary>
    public TimeSpan For { get; set; }

    /// <summary>It has to be over so long before it is resolved.</summary>
    public TimeSpan ResolveAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>People are told again so often while nobody has acknowledged it; null: once.</summary>
    public TimeSpan? RemindAfter { get; set; }

    /// <summary>Unacknowledged for so long it goes to <see cref="EscalateTo"/>, too; null: never.</summary>
    public TimeSpan? EscalateAfter { get; set; }

    public IReadOnlyList<string> EscalateTo { get; set; } = [];

    /// <summary>Channels by name; none: those that take what names none.</summary>
    public IReadOnlyList<string> Channels { get; set; } = [];

    /// <summary>A selector over the alert's labels, such as <c>site=ulm,line in (3,4)</c>; null: everything.</summary>
    public string? Where { get; set; }

    /// <summary>Alerts with the same values of these labels are told together; <c>rule</c>, <c>severity</c> and <c>subject</c> are labels, too.</summary>
    public IReadOnlyList<string> GroupBy { get; set; } = ["rule", "site"];

    /// <summary>DeadLetters: from how many letters on. FleetDisk: below which percentage that is free. CertificateEnding: days before the end. Null: the source's own; other sources take none.</summary>
    public double? Threshold { get; set; }
}

/// <param name="BuiltIn">It came with the fleet; removing it brings its own settings back.</param>
/// <param name="Changed">Somebody has set it; <paramref name="By"/> and <paramref name="At"/> say who and when.</param>
public sealed record AlertRuleView(string Name, AlertRuleSettings Settings, bool BuiltIn, bool Changed, string? By, DateTimeOffset? At);

public enum AlertChannelKind { Webhook, Email, Mqtt }

/// <summary>Where alerts go.</summary>
public sealed record AlertChannelSettings
{
    public required AlertChannelKind Kind { get; init; }

    /// <summary>Of a webhook: an https address of another machine; others need the operator's leave.</summary>
    public string? Url { get; init; }

    /// <summary>Of a webhook: what its signatures are made with, <c>whsec_</c> and base64 of 24 to 64 bytes. Null: a new channel gets one, one that is there keeps its own. Never told again.</summary>
    public string? Secret { get; init; }

    /// <summary>Of e-mail.</summary>
    public IReadOnlyList<string> To { get; set; } = [];

    /// <summary>Takes the alerts of rules that name no channel.</summary>
    public bool Default { get; set; } = true;

    /// <summary>Whatever matters less is not told here.</summary>
    public AlertSeverity Least { get; set; } = AlertSeverity.Info;
}

/// <param name="Settings">Without the secret.</param>
/// <param name="Waiting">Notifications that are not delivered yet.</param>
/// <param name="FailingSince">Since when nothing gets through; null when all is well.</param>
/// <param name="Problem">Why the last try failed, in a sentence; null when it did not.</param>
/// <param name="Failed">Notifications of the last 30 days that were given up.</param>
public sealed record AlertChannelView(
    string Name, AlertChannelSettings Settings, long Waiting, DateTimeOffset? DeliveredAt, DateTimeOffset? FailingSince, string? Problem, long Failed);

/// <param name="Secret">The webhook's new secret, this once; null where none was made.</param>
public sealed record AlertChannelSaved(AlertChannelView Channel, string? Secret);

/// <summary>What came of a try.</summary>
/// <param name="Detail">What the other side said, or why it did not work.</param>
public sealed record AlertTestResult(bool Delivered, string Detail);

/// <param name="Select">A selector over labels; <c>rule</c>, <c>subject</c> and <c>severity</c> are labels, too: <c>rule=device-offline,site=ulm</c>.</param>
/// <param name="Reason">Must not be empty.</param>
public sealed record SilenceRequest(string Select, DateTimeOffset EndsAt, string By, string Reason);

public sealed record SilenceView(string Id, string Select, DateTimeOffset StartsAt, DateTimeOffset EndsAt, string By, string Reason);
