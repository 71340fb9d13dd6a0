namespace CvOps.Observability.Metrics;

/// <summary>What a device says of itself at <c>/metrics</c>.</summary>
public static class AgentMetrics
{
    public const string Meter = "CvOps.Agent";

    // First: the rules below are put into it as they are made.
    private static readonly List<MetricRule> Known = [];

    // From a small model on a GPU to a large one on a slow processor.
    private static readonly double[] Inference = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5];
    private static readonly double[] Latency = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5];

    public static IReadOnlyList<MetricRule> All => Known;

    // Cameras and frames
    public static MetricRule FramesCaptured { get; } = Counter("frames_captured_total", "Frames that the camera sent since the agent's start.", "camera");
    public static MetricRule FramesInspected { get; } = Counter("frames_inspected_total", "Frames with a prediction since the agent's start.", "camera");
    public static MetricRule FramesRejected { get; } = Counter("frames_rejected_total", "Frames whose prediction rejects the part.", "camera");
    public static MetricRule FramesDropped { get; } = Counter("frames_dropped_total", "Frames given up for fresher ones since the agent's start.", "camera");
    public static MetricRule InferenceErrors { get; } = Counter("inference_errors_total", "Frames without a prediction since the agent's start.", "camera");
    public static MetricRule Reconnects { get; } = Counter("camera_reconnects_total", "Connections after the first.", "camera");
    public static MetricRule FramesFrozen { get; } = Counter("frames_frozen_total", "Frames not inspected because the picture stood still or repeated itself.", "camera");
    public static MetricRule GeometryChanges { get; } = Counter("camera_geometry_changes_total", "Changes of the pictures' size.", "camera");
    public static MetricRule StreamDamages { get; } = Counter("stream_damages_total", "Lost packets and broken pictures that the decoder lived with.", "camera");
    public static MetricRule FramesPerSecond { get; } = Gauge("camera_frames_per_second", "Frames inspected a second over the last interval.", "camera");
    public static MetricRule LatencyP99 { get; } = Gauge("latency_p99_seconds", "Capture to result, 99th percentile over the last interval.", "camera");
    public static MetricRule CameraLive { get; } = Gauge("camera_live", "1 when the camera sends frames.", "camera");
    public static MetricRule FramesWaiting { get; } = Gauge("queue_waiting_frames", "Frames of all cameras that wait for inference.");
    public static MetricRule InferenceSeconds { get; } = Histogram("inference_seconds", "A run of the model in charge.", Inference, "camera");
    public static MetricRule LatencySeconds { get; } = Histogram("latency_seconds", "Receiving a frame to its result, waiting included.", Latency, "camera");
    public static MetricRule ShadowShed { get; } = Counter("shadow_frames_shed_total", "Frames that the challenger was not asked about for want of time.");

    // The agent itself
    public static MetricRule Info { get; } = Gauge("info", "1 for the version that runs.", "version");
    public static MetricRule Uptime { get; } = Gauge("uptime_seconds", "Since the agent's start.");
    public static MetricRule Resident { get; } = Gauge("resident_bytes", "Resident memory.");
    public static MetricRule CpuSeconds { get; } = Counter("cpu_seconds_total", "Processor time of the agent, its ffmpeg children not included.");
    public static MetricRule DiskFree { get; } = Gauge("disk_free_bytes", "Room left on the disk of the state folder.");
    public static MetricRule DiskSize { get; } = Gauge("disk_size_bytes", "Size of that disk.");
    public static MetricRule Model { get; } = Gauge("model_info", "1 for the model in charge.", "name", "version", "digest", "provider");
    public static MetricRule UpdateState { get; } = Gauge("update_state", "1 for the state of the model update.", "state");

    // The way to the fleet
    public static MetricRule LinkConnected { get; } = Gauge("link_connected", "1 while connected to the broker or hub.");
    public static MetricRule LinkAttempts { get; } = Counter("link_attempts_total", "Attempts to connect to the broker.");
    public static MetricRule SpoolWaitingMessages { get; } = Gauge("spool_waiting_messages", "Messages on disk that the broker has not acknowledged.");
    public static MetricRule SpoolWaitingBytes { get; } = Gauge("spool_waiting_bytes", "Their size on disk.");
    public static MetricRule SpoolOldest { get; } = Gauge("spool_oldest_age_seconds", "For how long the oldest of them has waited.", "class");
    public static MetricRule SpoolBudget { get; } = Gauge("spool_budget_bytes", "What the spool may take of the disk.");
    public static MetricRule SpoolEvicted { get; } = Counter("spool_evicted_messages_total", "Messages given up for want of room.");
    public static MetricRule SpoolDeadLetters { get; } = Counter("spool_dead_letters_total", "Messages set aside with their reason.");
    public static MetricRule SpoolClassMessages { get; } = Gauge("spool_class_waiting_messages", "Messages of a class that the broker has not acknowledged.", "class");
    public static MetricRule SpoolClassBytes { get; } = Gauge("spool_class_waiting_bytes", "Their size on disk.", "class");
    public static MetricRule SpoolLost { get; } = Counter("spool_lost_messages_total", "Messages given up, by what they carry and why: budget, expired or disk.", "kind", "reason");
    public static MetricRule BudgetLeft { get; } = Gauge("sampling_budget_left_frames", "Frames that the sampling budget still pays for now.", "purse");
    public static MetricRule BudgetPerHour { get; } = Gauge("sampling_budget_frames", "Frames that it pays for in an hour.", "purse");

    // What features count
    public static MetricRule ActuationTriggers { get; } = Counter("actuation_triggers_total", "Trigger edges that announced a part.", "camera");
    public static MetricRule ActuationDecided { get; } = Counter("actuation_decided_total", "Parts whose decision was there when they were due.", "camera");
    public static MetricRule ActuationMissed { get; } = Counter("actuation_deadline_misses_total", "Parts whose decision came too late or not at all.", "camera");
    public static MetricRule ActuationUnknown { get; } = Counter("actuation_no_prediction_total", "Parts whose frame gave no prediction.", "camera");
    public static MetricRule ActuationRejects { get; } = Counter("actuation_rejects_total", "Parts the ejector was driven for.", "camera");
    public static MetricRule ActuationStrays { get; } = Counter("actuation_stray_frames_total", "Frames of no announced part.", "camera");
    public static MetricRule ActuationLateness { get; } = Gauge("actuation_lateness_max_seconds", "The latest ejection after its due time, since the start.", "camera");
    public static MetricRule ActuationEncoder { get; } = Counter("actuation_encoder_counts_total", "Encoder edges.", "camera");
    public static MetricRule ActuationHealthy { get; } = Gauge("actuation_healthy", "1 while the outputs say that parts are inspected, 0 at the fail-safe level.", "camera");
    public static MetricRule ZonePresent { get; } = Gauge("zone_present", "Objects in the zone.", "camera", "zone", "class");
    public static MetricRule ZoneEntered { get; } = Counter("zone_entered_total", "Visits that began.", "camera", "zone", "class");
    public static MetricRule ZoneLeft { get; } = Counter("zone_left_total", "Visits that ended.", "camera", "zone", "class");
    public static MetricRule ZoneDwell { get; } = Counter("zone_dwell_seconds_total", "Length of the visits that ended.", "camera", "zone", "class");
    public static MetricRule ZoneOverstayed { get; } = Counter("zone_overstayed_total", "Visits that came to be longer than the zone's limit.", "camera", "zone", "class");
    public static MetricRule LineCrossings { get; } = Counter("line_crossings_total", "Objects that crossed the line.", "camera", "line", "class", "direction");
    public static MetricRule ClipsKept { get; } = Counter("clips_kept_total", "Clips around rejects kept since the agent's start.");
    public static MetricRule ClipsFailed { get; } = Counter("clips_failed_total", "Clips that could not be kept.");
    public static MetricRule ClipsEvicted { get; } = Counter("clips_evicted_total", "Clips removed for the budget.");
    public static MetricRule DecisionsWritten { get; } = Counter("decisions_written_total", "Decision records written.");
    public static MetricRule DecisionsDropped { get; } = Counter("decisions_dropped_total", "Decision records given up because the disk could not follow.");
    public static MetricRule DecisionsFailed { get; } = Counter("decisions_failed_total", "Decision records that the disk refused.");
    public static MetricRule DecisionsEvicted { get; } = Counter("decisions_evicted_total", "Decision records deleted for newer ones.");
    public static MetricRule DecisionsBytes { get; } = Gauge("decisions_bytes", "Decision records on disk.");

    private static MetricRule Counter(string name, string help, params string[] labels) => Add(new MetricRule($"cvops_agent_{name}", MetricKind.Counter, help, labels));

    private static MetricRule Gauge(string name, string help, params string[] labels) => Add(new MetricRule($"cvops_agent_{name}", MetricKind.Gauge, help, labels));

    private static MetricRule Histogram(string name, string help, double[] bounds, params string[] labels) => Add(new MetricRule($"cvops_agent_{name}", MetricKind.Histogram, help, labels) { Bounds = bounds });

    private static MetricRule Add(MetricRule rule)
    {
        Known.Add(rule);
        return rule;
    }
}
