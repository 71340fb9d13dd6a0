using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Drift;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>A document's JSON, which is what the database has, and what lists ask of it.</summary>
internal sealed record Written(TwinGlance Glance, byte[] Json);

/// <summary>
/// What the database says of a device after a commit. Values stand for themselves, none is a difference, so applying a change twice, or on top of a
/// newer row that was loaded meanwhile, does no harm. Null: as it was.
/// </summary>
internal sealed record TwinChange(DeviceId Device, SiteId Site)
{
    public required bool Online { get; init; }

    /// <summary>Microseconds since 1970, as the others.</summary>
    public required long LastSeen { get; init; }

    public required long Since { get; init; }

    public required long Boot { get; init; }

    public required long Inspections { get; init; }

    public required long Duplicates { get; init; }

    /// <summary>Something came from the device itself, not the broker's last will.</summary>
    public bool Heard { get; init; }

    /// <summary>JSON of <see cref="DeviceHealth"/>.</summary>
    public Written? Health { get; init; }

    /// <summary>JSON of <see cref="TwinReported"/>.</summary>
    public Written? Reported { get; init; }

    public DeviceDrift? Drift { get; init; }

    /// <summary>Arrival less the device's own time, milliseconds.</summary>
    public IReadOnlyList<long> ClockSamples { get; init; } = [];
}

/// <summary>What the fleet wants of a device and calls it.</summary>
/// <param name="Desired">JSON of <see cref="TwinDesired"/>; null before the first.</param>
/// <param name="Labels">JSON of an object of texts.</param>
internal sealed record TwinWish(byte[]? Desired, string Labels);
