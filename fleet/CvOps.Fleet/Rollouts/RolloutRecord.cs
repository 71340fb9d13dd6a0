using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

/// <summary>All a rollout remembers; stored as JSON.</summary>
internal sealed class RolloutRecord
{
    /// <summary>Version of this record's form.</summary>
    public int Form { get; set; } = 1;

    /// <summary>Null before the rollout was created.</summary>
    public RolloutPlan? Plan { get; set; }

    public ModelRef? Model { get; set; }

    public RolloutState State { get; set; }

    public string Reason { get; set; } = "";

    public int Ring { get; set; }

    public List<RolloutDevice> Devices { get; set; } = [];

    /// <summary>By device, the version of the last desired twin this rollout made; what a device reports of an older one is about something else.</summary>
    public Dictionary<string, long> Ordered { get; set; } = [];

    /// <summary>Devices that were told to leave the previous model alone.</summary>
    public HashSet<string> ComparisonEnded { get; set; } = [];

    public RolloutCounts Counts { get; set; } = new();

    public List<RolloutTransition> History { get; set; } = [];

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When the ring in progress was let loose, or resumed.</summary>
    public DateTimeOffset RingSince { get; set; }

    /// <summary>When its last device took the model over; null before.</summary>
    public DateTimeOffset? SoakSince { get; set; }

    public IEnumerable<RolloutDevice> InRing => Devices.Where(d => d.Ring == Ring);

    public IEnumerable<RolloutDevice> Touched => Devices.Where(d => d.State != RolloutDeviceState.Waiting);

    public RolloutDevice? Find(DeviceId id) => Devices.Find(d => d.Device == id);

    public void Set(RolloutDevice device) => Devices[Devices.FindIndex(d => d.Device == device.Device)] = device;

    public RingFacts RingFacts(DateTimeOffset now) => new(
        Plan!.Rings[Ring].Name, InRing.Count(), InRing.Count(d => d.State == RolloutDeviceState.Running), InRing.Count(d => d.State == RolloutDeviceState.Failed),
        InRing.Sum(d => d.Parts), now - RingSince, SoakSince is { } since ? now - since : null);

    /// <summary>Moves a device to where its report says it is.</summary>
    /// <returns>False when nothing changed.</returns>
    public bool Apply(DeviceId id, TwinReported reported)
    {
        if (Find(id) is not { } device || reported.DesiredVersion < Ordered.GetValueOrDefault(id.Value, long.MaxValue)) return false;
        var next = RolloutDeviceRule.Next(device, reported, Model!.Digest, Plan!.FirstInstallation);
        if (next == device) return false;
        Set(next);
        return true;
    }

    public RolloutView ToView(string id) => new()
    {
        Id = id, Plan = Plan!, Model = Model!, State = State, Reason = Reason, Ring = Ring, Devices = [.. Devices], Evidence = Counts.ToEvidence(Plan!),
        History = [.. History], CreatedAt = CreatedAt,
    };
}
