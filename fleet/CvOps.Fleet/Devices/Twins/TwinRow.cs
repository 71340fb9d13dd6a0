using System.Runtime.CompilerServices;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Devices.Twins;

[Flags]
internal enum TwinFlags : byte
{
    None = 0,
    Online = 1,

    /// <summary>Its connection stands, as far as the broker knows, and nothing was heard for long.</summary>
    Overdue = 2,

    /// <summary>Its labels and desired document are from the database; before, only what it said since the start.</summary>
    Whole = 4,
}

/// <summary>The newest differences between arrival and a device's own time, in milliseconds; whole days at the ends.</summary>
[InlineArray(ClockEstimate.Samples)]
internal struct ClockSamples
{
    private int _first;
}

/// <summary>What of a twin has a fixed size. Handles are of the shard's arena; 0 is none. Times are microseconds since 1970.</summary>
internal struct TwinRow
{
    public uint Id;
    public uint Hash;
    public uint Health;
    public uint Desired;
    public uint Reported;

    /// <summary>When it was last heard of, in seconds since the store began.</summary>
    public int Heard;

    public long LastSeen;

    /// <summary>Since when it has been online, or offline.</summary>
    public long Since;

    public long Boot;
    public long Inspections;
    public long Duplicates;

    public ClockSamples Clock;
    public ushort Cameras;
    public ushort CamerasLive;
    public ushort ReportedCameras;
    public byte ClockTaken;
    public AttentionLevel HealthLevel;
    public AttentionLevel ReportedLevel;
    public TwinFlags Flags;

    public readonly bool Online => (Flags & TwinFlags.Online) != 0;

    public readonly bool Overdue => (Flags & TwinFlags.Overdue) != 0;

    /// <summary>Null while too few reports have said their time.</summary>
    public readonly ClockOffset? ClockOffset()
    {
        ReadOnlySpan<int> samples = Clock;
        return ClockEstimate.Of(samples[..Math.Min((int)ClockTaken, ClockEstimate.Samples)]);
    }

    public void Set(TwinFlags flag, bool on) => Flags = on ? Flags | flag : Flags & ~flag;
}

/// <summary>What choosing a device and adding it up needs; apart from the rest, so that going over all of them reads sixteen bytes each.</summary>
internal struct TwinKey
{
    /// <summary>Number of its set of site and labels.</summary>
    public int Traits;

    /// <summary>First of its blocks of histograms, from 1; 0 is none.</summary>
    public int Drift;

    /// <summary>Capture time of the newest frame in them, in seconds since 1970.</summary>
    public uint DriftTo;

    public uint DriftLeftOut;
}
