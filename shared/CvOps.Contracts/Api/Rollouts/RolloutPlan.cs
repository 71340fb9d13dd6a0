using System.Text.Json.Serialization;

namespace CvOps.Contracts.Api;

/// <summary>How a model or a configuration reaches a fleet. Rings are taken in order; the first is the canary.</summary>
public sealed record RolloutPlan
{
    public required string Name { get; init; }

    /// <summary>
    /// Digest of the package; <c>name@version</c> and <c>name@alias</c> are taken too, and the fleet keeps the digest they stood for. Exactly one of this and
    /// <see cref="Configuration"/> is set.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>Digest of a configuration that the fleet keeps; null when a model is rolled out.</summary>
    public string? Configuration { get; init; }

    /// <summary>The digest of what is rolled out, whichever it is; empty where the plan says neither.</summary>
    [JsonIgnore]
    public string Payload => Model ?? Configuration ?? "";

    /// <summary>Labels a device must have; <c>site</c>, <c>device</c> and <c>group</c> count as labels. Holds beside <see cref="Select"/>.</summary>
    public IReadOnlyDictionary<string, string> Target { get; set; } = new Dictionary<string, string>();

    /// <summary>A label selector such as <c>site=ulm,line in (3,4),!retired</c>; null asks for nothing.</summary>
    public string? Select { get; init; }

    /// <summary>True where every device of the fleet is meant. Has to be said: neither a plan without a target nor one whose selector happens to match everything is taken.</summary>
    public bool Everything { get; set; }

    /// <summary>Both models see the same frames before any device changes; null: the first ring changes without.</summary>
    public ShadowStage? Shadow { get; init; }

    public required IReadOnlyList<RolloutRing> Rings { get; init; }

    /// <summary>Labels whose combinations are the strata that a ring should cover; <c>cluster</c> is where a device's embeddings lie, found by the fleet.</summary>
    public IReadOnlyList<string> Strata { get; set; } = ["camera", "line", "lighting", "cluster"];

    public Soak Soak { get; set; } = new();

    public Guardrails Guardrails { get; set; } = new();

    /// <summary>When devices may change; empty: at any time. One that is open is enough.</summary>
    public IReadOnlyList<RolloutWindow> Windows { get; set; } = [];

    public RolloutLimits Limits { get; set; } = new();

    /// <summary>What becomes of devices that do not answer.</summary>
    public OfflineRule Offline { get; set; } = new();

    /// <summary>What becomes of devices that begin to match after the rollout has begun.</summary>
    public LateDevices Late { get; set; }

    /// <summary>0..1000; where two rollouts want a device, the higher one has it and the other waits or is refused.</summary>
    public int Priority { get; set; } = 500;

    /// <summary>Not before; null: at once.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>Afterwards no further device is told, and the rollout pauses; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>
    /// True for a first installation: there is no model in charge to compare with, so only errors, latency and update failures can stop it.
    /// Has to be said; without it, a device that has no model makes the comparison Inconclusive.
    /// </summary>
    public bool FirstInstallation { get; init; }

    /// <summary>Whoever approves a ring, or releases the draft, has an account with that right and is not who wrote the plan.</summary>
    public bool FourEyes { get; set; }
}

/// <summary>Ordered group of devices. Exactly one of count, percent, devices and select says which; <see cref="Percent"/> is of all targets, rounded up.</summary>
public sealed record RolloutRing(string Name, int? Count = null, double? Percent = null, IReadOnlyList<DeviceId>? Devices = null)
{
    /// <summary>A label selector over the targets.</summary>
    public string? Select { get; init; }

    /// <summary>A person has to approve before this ring may change.</summary>
    public bool Approval { get; init; }

    /// <summary>What this ring must survive; null: the plan's.</summary>
    public Soak? Soak { get; init; }
}

/// <summary>What a ring must survive before the next, all three.</summary>
/// <param name="Seconds">Time since its last device took the payload over.</param>
/// <param name="Parts">Parts inspected by the ring with the new model.</param>
/// <param name="TimeoutSeconds">Longest wait for evidence; then the rollout pauses as Inconclusive.</param>
public sealed record Soak(double Seconds = 3600, long Parts = 1000, double TimeoutSeconds = 86_400);

/// <summary>The comparison before any device changes.</summary>
/// <param name="Frames">Frames that both models must have seen.</param>
/// <param name="Devices">Devices that run the challenger in shadow, spread over the strata; 0: those of the first ring.</param>
/// <param name="TimeoutSeconds">Longest wait; then the rollout pauses as Inconclusive.</param>
public sealed record ShadowStage(long Frames = 1000, int Devices = 0, double TimeoutSeconds = 86_400);

/// <summary>When devices may change. All that is set must hold.</summary>
/// <param name="From">Local time of day, <c>HH:mm</c>; with <paramref name="To"/>, which may lie on the next day.</param>
/// <param name="Days">Two-letter days (<c>mo</c> to <c>su</c>) on which the window opens; null: every day.</param>
/// <param name="TimeZone">IANA name; null: UTC.</param>
/// <param name="Shift">Name of a shift that the device's site has; null: whatever the shift.</param>
/// <param name="IdleSeconds">The device has inspected no part for so long; null: whether the line runs or not.</param>
public sealed record RolloutWindow(string? From = null, string? To = null, IReadOnlyList<string>? Days = null, string? TimeZone = null, string? Shift = null, double? IdleSeconds = null);

/// <param name="Devices">Most devices that change at once; null: as many as the ring has.</param>
/// <param name="PerSite">Most of one site.</param>
/// <param name="BytesPerSecond">Of downloads over the whole rollout, averaged over a minute.</param>
public sealed record RolloutLimits(int? Devices = null, int? PerSite = null, long? BytesPerSecond = null);

/// <param name="WaitSeconds">How long a ring waits for a device that is offline, told or not.</param>
/// <param name="Then">What then.</param>
public sealed record OfflineRule(double WaitSeconds = 86_400, OfflineChoice Then = OfflineChoice.Pause);

/// <summary>Pause: a person decides. Skip: the ring goes on without it, and it gets the payload when it comes back while the rollout still runs.</summary>
public enum OfflineChoice { Pause, Skip }

/// <summary>Ignore: they keep what they have. Join: they are added to the last ring.</summary>
public enum LateDevices { Ignore, Join }
