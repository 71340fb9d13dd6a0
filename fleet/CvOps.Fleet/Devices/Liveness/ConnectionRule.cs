using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Devices.Liveness;

/// <param name="Silent">It is offline because nothing came from it, not because it or the broker said so.</param>
internal readonly record struct Connection(bool Online, bool Silent, long Boot);

/// <summary>What a status, or any message, says of a device's connection. Pure.</summary>
internal static class ConnectionRule
{
    /// <param name="before">Null for a device nobody knew.</param>
    /// <param name="status">Null for any other message.</param>
    /// <returns>How it stands, and why that is another state than before; null when it is not. A status is given twice by the broker, and again when the fleet reconnects.</returns>
    public static (Connection After, ConnectionReason? Reason) Next(Connection? before, DeviceStatus? status) => (before, status) switch
    {
        (null, null)                                             => (new Connection(true, false, 0), ConnectionReason.FirstHeard),
        (null, { Connectivity: Connectivity.Online })            => (new Connection(true, false, status.Boot), ConnectionReason.FirstHeard),
        (null, _)                                                => (new Connection(false, false, status.Boot), ConnectionReason.Ended),
        ({ Silent: true } known, null)                           => (known with { Online = true, Silent = false }, ConnectionReason.HeardAgain),
        ({ } known, null)                                        => (known, null),
        ({ Online: false }, { Connectivity: Connectivity.Online }) => (new Connection(true, false, status.Boot), ConnectionReason.SaidOnline),
        ({ } known, { Connectivity: Connectivity.Online })       => (new Connection(true, false, status.Boot), known.Boot != 0 && known.Boot != status.Boot ? ConnectionReason.Restarted : null),
        ({ Online: true }, _)                                    => (new Connection(false, false, status.Boot), ConnectionReason.Ended),
        _                                                        => (new Connection(false, false, status.Boot), null),
    };
}
