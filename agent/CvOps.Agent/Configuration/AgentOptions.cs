using System.ComponentModel.DataAnnotations;
using CvOps.Agent.Actuation;
using CvOps.Agent.Capture;
using CvOps.Agent.Clips;
using CvOps.Agent.Decisions;
using CvOps.Agent.Drift;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Agent.Integrations;
using CvOps.Agent.Link;
using CvOps.Agent.Sampling;
using CvOps.Agent.Spool;
using CvOps.Agent.Telemetry;
using CvOps.Agent.Tracking;
using CvOps.Agent.Update;
using CvOps.Agent.Zones;
using CvOps.Contracts;

namespace CvOps.Agent.Configuration;

/// <summary>The whole configuration file. Each feature owns its section's class.</summary>
internal sealed record AgentOptions
{
    /// <summary>What <see cref="Data"/> is where the file does not say.</summary>
    public const string DefaultData = "/var/lib/cvops-agent";

    /// <summary>The plant; second level of every topic.</summary>
    public required SiteId Site { get; init; }

    /// <summary>This device, unique in the fleet; the common name of its certificate.</summary>
    public required DeviceId Device { get; init; }

    /// <summary>State folder: spool, models, journal. Must survive reboots.</summary>
    [MinLength(1)]
    public string Data { get; init; } = DefaultData;

    /// <summary>Whether settings from the fleet hold over this file's; false is a person's last word at the device.</summary>
    public bool FleetSettings { get; init; } = true;

    public required LinkOptions Link { get; init; }

    public SpoolOptions Spool { get; init; } = new();

    [MinLength(1, ErrorMessage = "name at least one camera")]
    public required IReadOnlyList<CameraOptions> Cameras { get; init; }

    public InferenceOptions Inference { get; init; } = new();

    /// <summary>Video around rejects; null keeps none.</summary>
    public ClipOptions? Clips { get; init; }

    /// <summary>What cameras move on their lines; at most one entry a camera.</summary>
    public IReadOnlyList<ActuationOptions> Actuation { get; init; } = [];

    public DecisionOptions Decisions { get; init; } = new();

    /// <summary>Cameras whose objects are followed; at most one entry a camera.</summary>
    public IReadOnlyList<TrackingOptions> Tracking { get; init; } = [];

    /// <summary>Zones and lines; at most one entry a camera.</summary>
    public IReadOnlyList<ZonesOptions> Zones { get; init; } = [];

    public SamplingOptions Sampling { get; init; } = new();

    public DriftOptions Drift { get; init; } = new();

    public ModelOptions Model { get; init; } = new();

    public UpdateOptions Update { get; init; } = new();

    public HealthOptions Health { get; init; } = new();

    public IntegrationsOptions Integrations { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();
}

/// <summary>Which models this device may run.</summary>
internal sealed record ModelOptions
{
    /// <summary>Folder of public keys (*.pem); a package signed by none of them is refused.</summary>
    [MinLength(1)]
    public string TrustedKeys { get; init; } = "/etc/cvops/trusted-keys";

    /// <summary>A signed .cvmodel for a first start without a fleet; ignored once the device has committed a model.</summary>
    public string? Package { get; init; }
}
