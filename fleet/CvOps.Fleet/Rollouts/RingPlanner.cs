using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Rollouts;

/// <summary>A device as the planner sees it.</summary>
/// <param name="Active">The model it says is in charge; null when it has none or has said nothing yet.</param>
/// <param name="HeldBy">Name of another rollout that is running on it; null when free.</param>
internal sealed record Candidate(DeviceId Id, SiteId Site, IReadOnlyDictionary<string, string> Labels, ModelRef? Active, string? HeldBy);

/// <param name="Devices">Every device of the rollout, ring by ring; empty when there are problems.</param>
/// <param name="Problems">Every mistake of the plan, each a sentence; empty when it is sound.</param>
internal sealed record RingAssignment(IReadOnlyList<RolloutDevice> Devices, IReadOnlyList<string> Problems);

/// <summary>
/// Deals devices to rings. The same plan over the same fleet gives the same rings. Sites take turns, so that the first ring
/// is a sample of the fleet and not the line that was commissioned first.
/// </summary>
internal static class RingPlanner
{
    public static RingAssignment Assign(RolloutPlan plan, IReadOnlyList<Candidate> fleet)
    {
        var problems = new List<string>();
        var targets = Targets(plan, fleet, problems);
        var devices = problems.Count == 0 ? Deal(plan, targets, problems) : [];
        CheckDevices(plan, devices.Count > 0 ? devices.Select(d => fleet.First(c => c.Id == d.Device)) : targets, problems);
        return new RingAssignment(problems.Count == 0 ? devices : [], problems);
    }

    private static List<Candidate> Targets(RolloutPlan plan, IReadOnlyList<Candidate> fleet, List<string> problems)
    {
        var selector = plan.Target.Count == 0 ? "every device" : string.Join(", ", plan.Target.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}"));
        var matching = fleet.Where(c => plan.Target.All(wanted => LabelOf(c, wanted.Key) == wanted.Value)).ToList();
        if (matching.Count == 0) problems.Add($"No device matches the target ({selector}); the fleet knows {fleet.Count} devices.");

        // A device that has the model already has nothing to take over and nothing to compare with.
        var targets = matching.Where(c => c.Active?.Digest != plan.Payload).ToList();
        if (matching.Count > 0 && targets.Count == 0) problems.Add($"Every device of the target ({selector}) runs this model already.");
        return SpreadOverSites(targets);
    }

    private static string? LabelOf(Candidate device, string label) => label switch
    {
        "site" => device.Site.Value,
        "device" => device.Id.Value,
        _ => device.Labels.GetValueOrDefault(label),
    };

    /// <summary>Round-robin over the sites in their order, devices in theirs.</summary>
    private static List<Candidate> SpreadOverSites(IEnumerable<Candidate> targets) =>
    [
        .. targets.GroupBy(c => c.Site.Value)
            .SelectMany(site => site.OrderBy(c => c.Id.Value, StringComparer.Ordinal).Select((c, turn) => (Turn: turn, Site: site.Key, Device: c)))
            .OrderBy(x => x.Turn).ThenBy(x => x.Site, StringComparer.Ordinal).Select(x => x.Device),
    ];

    private static List<RolloutDevice> Deal(RolloutPlan plan, List<Candidate> targets, List<string> problems)
    {
        var named = plan.Rings.Where(r => r.Devices is not null).SelectMany(r => r.Devices!).ToHashSet();
        var free = new Queue<Candidate>(targets.Where(c => !named.Contains(c.Id)));
        var taken = new HashSet<DeviceId>();
        var dealt = new List<RolloutDevice>();
        foreach (var (ring, index) in plan.Rings.Select((r, i) => (r, i)))
        {
            var members = ring.Devices is { } ids ? Named(ring, ids, targets, taken, problems) : Next(ring, targets.Count, free, problems);
            dealt.AddRange(members.Select(c => new RolloutDevice(c.Id, index, RolloutDeviceState.Waiting, c.Active, 0, null)));
        }
        return dealt;
    }

    private static List<Candidate> Named(
        RolloutRing ring, IReadOnlyList<DeviceId> ids, List<Candidate> targets, HashSet<DeviceId> taken, List<string> problems)
    {
        var members = new List<Candidate>();
        foreach (var id in ids)
        {
            if (targets.Find(c => c.Id == id) is not { } device) problems.Add($"Ring '{ring.Name}' names {id}, which is not among the targets or runs this model already.");
            else if (!taken.Add(id)) problems.Add($"Ring '{ring.Name}' names {id}, which an earlier ring has taken.");
            else members.Add(device);
        }
        return members;
    }

    private static List<Candidate> Next(RolloutRing ring, int targets, Queue<Candidate> free, List<string> problems)
    {
        var wanted = ring.Count ?? (int)Math.Ceiling(targets * ring.Percent!.Value / 100 - 1e-9);
        if (ring.Count is not null && wanted > free.Count) problems.Add($"Ring '{ring.Name}' wants {wanted} devices; {free.Count} of {targets} targets are left.");
        else if (free.Count == 0) problems.Add($"Ring '{ring.Name}' gets no device: earlier rings have taken all {targets} targets.");
        // The rounding up of earlier rings may leave a share a little smaller than it says.
        return [.. Enumerable.Range(0, Math.Min(wanted, free.Count)).Select(_ => free.Dequeue())];
    }

    private static void CheckDevices(RolloutPlan plan, IEnumerable<Candidate> devices, List<string> problems)
    {
        foreach (var device in devices)
        {
            if (device.HeldBy is { } other) problems.Add($"{device.Id} is in rollout '{other}', which is still running; let it end, or abort it.");
            if (plan.FirstInstallation && device.Active is { } active)
                problems.Add($"{device.Id} runs {active.Name} {active.Version}: this is no first installation, and the comparison must not be left out.");
            if (!plan.FirstInstallation && device.Active is null)
                problems.Add($"{device.Id} reports no model in charge, so there is nothing to compare with; say firstInstallation if that is meant.");
        }
    }
}
