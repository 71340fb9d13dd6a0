using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>A device of the ring that has not been told yet, or was told and is away.</summary>
/// <param name="Seen">When the fleet heard from it last.</param>
/// <param name="LastPart">When it inspected its last part; null when it never did, or the plan does not ask.</param>
/// <param name="HeldBy">Name of another rollout that has the device first, of a higher priority or because it touched it already; null when it is free.</param>
internal readonly record struct PaceDevice(DeviceId Device, SiteId Site, bool Online, DateTimeOffset Seen, DateTimeOffset? LastPart = null, string? HeldBy = null)
{
    /// <summary>In the order in which the rollout tells its devices, from 0.</summary>
    public int Place { get; init; }
}

/// <summary>Where a page of such devices begins: devices of one state after the other, each in the order of their places.</summary>
internal readonly record struct PacePage(string State, int Place);

/// <summary>Where the rollout stands when it asks whom it may tell.</summary>
internal sealed record PaceMoment
{
    public required DateTimeOffset Now { get; init; }

    /// <summary>When the ring was let loose, or resumed.</summary>
    public required DateTimeOffset RingSince { get; init; }

    /// <summary>By site, devices that were told and neither run the payload nor failed yet.</summary>
    public required IReadOnlyDictionary<string, int> Changing { get; init; }

    /// <summary>By site; sites without shifts may be left out.</summary>
    public IReadOnlyDictionary<string, SiteShifts> Shifts { get; init; } = new Dictionary<string, SiteShifts>();

    /// <summary>Bytes that one device downloads.</summary>
    public long PayloadBytes { get; init; }

    /// <summary>What the last decision gave as <see cref="PaceDecision.DownloadsUntil"/>; null before the first.</summary>
    public DateTimeOffset? DownloadsUntil { get; init; }

    /// <summary>Most devices to tell in this turn.</summary>
    public int Most { get; init; } = int.MaxValue;
}

/// <summary>Whom to tell now, and why not the others.</summary>
/// <param name="Tell">In the order in which they were given.</param>
/// <param name="Skip">Devices that the ring goes on without, until they come back.</param>
/// <param name="Pause">Why a person has to decide; null when nobody has to. Nobody is told then.</param>
/// <param name="Waits">The others by reason, most devices first.</param>
/// <param name="LookAgain">When something changes by the clock alone; null when only a report can change anything.</param>
/// <param name="DownloadsUntil">To be kept, and given back the next time: until when the downloads so far use up the bandwidth.</param>
internal sealed record PaceDecision(
    IReadOnlyList<DeviceId> Tell, IReadOnlyList<DeviceId> Skip, string? Pause, IReadOnlyList<PaceWait> Waits, DateTimeOffset? LookAgain, DateTimeOffset? DownloadsUntil)
{
    /// <summary>What is waited for, in a sentence; null when nobody waits.</summary>
    public string? Sentence => Waits.Count == 0 ? null : string.Join("; ", Waits.Take(3).Select(wait => wait.ToString())) + (Waits.Count > 3 ? $"; and {Waits.Count - 3} more reasons" : "");
}

/// <param name="For">After "waits for".</param>
/// <param name="Until">When the clock ends it; null when only a report can.</param>
/// <param name="In">Time from now to <paramref name="Until"/>, in words.</param>
internal sealed record PaceWait(string For, int Devices, DateTimeOffset? Until, string? In)
{
    public override string ToString() => $"{(Devices == 1 ? "1 device waits" : $"{Devices} devices wait")} for {For}{(In is null ? "" : $", in {In}")}";
}
