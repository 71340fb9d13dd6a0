using System.Globalization;
using CvOps.Contracts;

namespace CvOps.Cli.Up;

/// <summary>One device of a stack: an agent process with one camera.</summary>
internal sealed record DeviceSpec(DeviceId Device, string Url)
{
    public static SiteId Site { get; } = new("plant-a");

    public static CameraId Camera { get; } = new("cam-1");

    /// <summary>The simulated line the camera looks at; null for any other camera.</summary>
    public string? Line { get; init; }

    /// <summary>live, file or fast.</summary>
    public string Pace { get; init; } = "live";

    /// <summary>Plays a file again from its start when it ends.</summary>
    public bool Loop { get; init; }

    /// <summary>A package to begin with, before the fleet has said anything; null to wait for the fleet.</summary>
    public string? Package { get; init; }

    public static IReadOnlyList<DeviceSpec> SimulatedLines(int count, int simulatorPort) =>
        [.. Enumerable.Range(1, count).Select(number => new DeviceSpec(new DeviceId($"device-{number}"), $"http://127.0.0.1:{simulatorPort}/lines/line-{number}/video") { Line = $"line-{number}" })];

    public static IReadOnlyList<DeviceSpec> OwnCameras(IReadOnlyList<string> addresses) =>
        [.. addresses.Select((address, index) => new DeviceSpec(new DeviceId($"device-{index + 1}"), address) { Pace = File.Exists(address) ? "file" : "live", Loop = File.Exists(address) })];

    /// <summary>The agent's configuration file, as a person would have written it.</summary>
    public string Yaml(StackLayout layout, StackOptions options) => string.Create(CultureInfo.InvariantCulture, $"""
        site: {Site}
        device: {Device}
        data: {Quote(layout.DeviceData(Device))}
        link:
          brokers: ['mqtts://127.0.0.1:{options.BrokerPort}']
          ca: {Quote(layout.CaCertificate)}
          certificate: {Quote(layout.Identity(Device.Value).Certificate)}
          key: {Quote(layout.Identity(Device.Value).Key)}
        model:
          trusted-keys: {Quote(layout.TrustedKeys)}
        {(Package is null ? "" : $"  package: {Quote(Package)}")}
        inference:
          threads: 1
        sampling:
          frames-per-hour: {options.FramesPerHour}
          audit-probability: {options.AuditProbability}
          audit-share: 0.5
        drift:
          bytes-per-hour: 10000000
          quiet-age-seconds: 0
        {(options.OtlpEndpoint is null ? "" : $"telemetry: {{ otlp-endpoint: {Quote(options.OtlpEndpoint)}, trace-ratio: {options.TraceRatio.ToString(CultureInfo.InvariantCulture)} }}")}
        cameras:
          - id: {Camera}
            url: {Quote(Line is null && File.Exists(Url) ? Path.GetFullPath(Url) : Url)}
            pace: {Pace}
            loop: {(Loop ? "true" : "false")}
        {(Line is null ? "" : "    part-code: { x: 8, y: 220, width: 304, height: 16 }")}

        """);

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
