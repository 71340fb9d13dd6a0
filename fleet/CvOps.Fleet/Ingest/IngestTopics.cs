using CvOps.Contracts;

namespace CvOps.Fleet.Ingest;

/// <summary>What the fleet subscribes to: each message comes once, and none that a fleet said itself.</summary>
internal static class IngestTopics
{
    /// <summary>One subscription to everything, as fleets had it before; a session at the broker may still hold it. It brought answers and reports a second time and a fleet's own words back.</summary>
    public const string Former = $"{Share}/{Topics.Everything}";

    private const string Share = "$share/fleet";
    private const string Device = $"{Topics.Root}/+/+";

    /// <summary>
    /// Telemetry and requests by shared subscriptions, which spread messages over the fleet's processes. Shared ones get no retained messages (MQTT 5, 4.8.2), so what is
    /// retained and decides comes to every process, as do answers: only one knows who waits.
    /// </summary>
    public static readonly string[] All =
    [
        $"{Share}/{Device}/inspection/+", $"{Share}/{Device}/health", $"{Share}/{Device}/drift/+", $"{Share}/{Device}/zone/+", $"{Share}/{Device}/frame/+/+", $"{Share}/{Device}/identity/request",
        $"{Device}/status", $"{Device}/twin/reported", $"{Device}/response/+",
    ];
}
