namespace CvOps.Observability.Metrics;

/// <summary>What the fleet manager says of itself at <c>/metrics</c>. No label holds a device, camera, frame or part.</summary>
public static class FleetMetrics
{
    public const string Meter = "CvOps.Fleet";

    /// <summary>Sites that have values of their own.</summary>
    public const int MostSites = 100;

    // First: the rules below are put into it as they are made.
    private static readonly List<MetricRule> Known = [];

    private static readonly double[] Lag = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400];
    private static readonly double[] Short = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    public static IReadOnlyList<MetricRule> All => Known;

    // What devices say
    public static MetricRule IngestMessages { get; } = Counter("ingest_messages_total", "Messages taken in and durable, by what they carry; those that could not be read are of kind unreadable.", "kind");
    public static MetricRule IngestDuplicates { get; } = Counter("ingest_duplicates_total", "Messages that had been applied before and were left out.");
    public static MetricRule IngestRefused { get; } = Counter("ingest_refused_total", "Messages that were set aside with their reason.");
    public static MetricRule IngestLag { get; } = Histogram("ingest_lag_seconds", "Capture of a frame to its inspection being durable here; what waited in a spool counts in full.", Lag);
    public static MetricRule IngestCommit { get; } = Histogram("ingest_commit_seconds", "A batch of messages until it is durable, waiting for other writers included.", Short);
    public static MetricRule IngestTell { get; } = Histogram("ingest_tell_seconds", "A durable batch until drift, rollouts and pages have heard of it.", Short);
    public static MetricRule IngestHeld { get; } = Gauge("ingest_held_bytes", "Payloads received and not acknowledged yet.");
    public static MetricRule BrokerConnected { get; } = Gauge("broker_connected", "1 while connected to the broker.");
    public static MetricRule DeadLetters { get; } = Gauge("dead_letters", "Messages set aside that nobody has tried again or thrown away.");
    public static MetricRule Inspections { get; } = Counter("inspections_total", "Inspections taken in.", "site");
    public static MetricRule Rejects { get; } = Counter("inspections_rejected_total", "Inspections that reject the part.", "site");
    public static MetricRule InspectionErrors { get; } = Counter("inspections_failed_total", "Inspections without a prediction.", "site");

    // How the fleet is
    public static MetricRule Devices { get; } = Gauge("devices", "Known devices, by whether they are connected.", "site", "state");
    public static MetricRule DevicesTroubled { get; } = Gauge("devices_troubled", "Devices of which something is an error or a warning.", "site", "level");
    public static MetricRule Cameras { get; } = Gauge("cameras", "Cameras that devices report, live or not.", "site", "state");
    public static MetricRule Drift { get; } = Gauge("drift_cameras", "Cameras by what their drift is: learning, stable, watch, alarm.", "state");
    public static MetricRule Rollouts { get; } = Gauge("rollouts", "Rollouts by state.", "state");
    public static MetricRule EmergencyStop { get; } = Gauge("emergency_stop", "1 while the emergency stop holds.");
    public static MetricRule Frames { get; } = Gauge("label_frames", "Frames kept for labelling, by state; unlabelled is the queue.", "state");
    public static MetricRule TrainingRuns { get; } = Gauge("training_runs", "Training runs by state.", "state");
    public static MetricRule Alerts { get; } = Gauge("alerts", "The fleet's own alerts that are open.", "severity", "state");

    // The program
    public static MetricRule Info { get; } = Gauge("info", "1 for the version that runs.", "version");
    public static MetricRule Uptime { get; } = Gauge("uptime_seconds", "Since the fleet manager's start.");
    public static MetricRule Resident { get; } = Gauge("resident_bytes", "Resident memory.");
    public static MetricRule CpuSeconds { get; } = Counter("cpu_seconds_total", "Processor time.");
    public static MetricRule Grains { get; } = Gauge("grains", "Grains that are active on this silo.");
    public static MetricRule DatabaseWrite { get; } = Histogram("database_write_seconds", "A transaction of the read models, waiting for other writers included.", Short);
    public static MetricRule DatabaseErrors { get; } = Counter("database_write_errors_total", "Transactions that failed.");
    public static MetricRule HttpSeconds { get; } = Histogram("http_request_seconds", "A request until its answer is sent; streams that stay open are left out.", Short, "area", "status");
    public static MetricRule DiskFree { get; } = Gauge("disk_free_bytes", "Room left on the disk of the data folder.");
    public static MetricRule DiskSize { get; } = Gauge("disk_size_bytes", "Size of that disk.");
    public static MetricRule CertificateLeft { get; } = Gauge("certificate_remaining_seconds", "Until the fleet's own certificate for the broker ends, or its authority's.", "certificate");
    public static MetricRule CertificatesEnding { get; } = Gauge("device_certificates_ending", "Devices whose certificate ends within 14 days or has ended in the last 14.");
    public static MetricRule BackupAge { get; } = Gauge("backup_age_seconds", "Since the moment that the last backup holds; absent where none was made.");
    public static MetricRule BackupBytes { get; } = Gauge("backup_size_bytes", "Of all that the last backup holds.");
    public static MetricRule GaugesFailed { get; } = Counter("metric_errors_total", "Gauges that could not be read; they are absent then.");

    private static MetricRule Counter(string name, string help, params string[] labels) => Add(new MetricRule($"cvops_fleet_{name}", MetricKind.Counter, help, labels));

    private static MetricRule Gauge(string name, string help, params string[] labels) => Add(new MetricRule($"cvops_fleet_{name}", MetricKind.Gauge, help, labels));

    private static MetricRule Histogram(string name, string help, double[] bounds, params string[] labels) => Add(new MetricRule($"cvops_fleet_{name}", MetricKind.Histogram, help, labels) { Bounds = bounds });

    private static MetricRule Add(MetricRule rule)
    {
        Known.Add(rule);
        return rule;
    }
}
