using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

public enum Connectivity { Offline, Online }

/// <summary>Retained on <c>status</c>, and the last will.</summary>
/// <param name="Boot">0 in the will of a device that has not booted.</param>
public sealed record DeviceStatus(DeviceId Device, Connectivity Connectivity, [Wire(Minimum = 0)] long Boot, string AgentVersion);
