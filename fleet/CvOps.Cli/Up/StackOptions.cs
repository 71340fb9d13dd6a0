namespace CvOps.Cli.Up;

/// <summary>What a stack starts.</summary>
/// <param name="Data">Folder for certificates, keys, state and logs; kept between starts.</param>
/// <param name="HttpPort">The fleet's address is <c>http://127.0.0.1:{port}</c>.</param>
/// <param name="SimulatorPort">Port of the simulator; not started when no device looks at a simulated line.</param>
internal sealed record StackOptions(string Data, int HttpPort, int BrokerPort, int SimulatorPort, IReadOnlyList<DeviceSpec> Devices)
{
    /// <summary>The broker's port for the fleet alone.</summary>
    public int FleetPort { get; init; } = Ports.Free();

    /// <summary>Parts a second on each simulated line.</summary>
    public double Fps { get; init; } = 5;

    /// <summary>Frames a device may send for labelling in an hour.</summary>
    public int FramesPerHour { get; init; } = 600;

    /// <summary>Probability with which a frame is sent whatever the model says of it; a story needs in minutes what a line collects in weeks.</summary>
    public double AuditProbability { get; init; } = 0.01;

    /// <summary>Share of labelled audit frames that the fleet keeps for the golden set; 0 where a story lays one down itself.</summary>
    public double GoldenShare { get; init; } = 0.2;

    /// <summary>An OpenTelemetry collector for all its programs; null: none.</summary>
    public string? OtlpEndpoint { get; init; }

    /// <summary>Share of the frames that are traced to it.</summary>
    public double TraceRatio { get; init; } = 0.001;
}
