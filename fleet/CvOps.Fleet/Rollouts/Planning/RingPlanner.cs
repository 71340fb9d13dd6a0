using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Rollouts.Planning;

/// <param name="Devices">Every device of the rollout, ring by ring, in the order in which they should be told; empty when there are mistakes.</param>
/// <param name="Coverage">Null when there are mistakes.</param>
/// <param name="Mistakes">Every mistake of the plan; empty when it is sound.</param>
/// <param name="Notes">What is no mistake and should be known.</param>
internal sealed record RingAssignment(RolloutDevice[] Devices, RolloutCoverage? Coverage, IReadOnlyList<PlanMistake> Mistakes, IReadOnlyList<string> Notes);

/// <summary>Deals devices to rings. The same plan over the same fleet gives the same rings. Pure; no step is more than n log n in devices.</summary>
internal static class RingPlanner
{
    private const int NamedInAMistake = 5;

    /// <param name="plan">Sound in itself.</param>
    /// <param name="groups">Names of all groups.</param>
    public static RingAssignment Assign(RolloutPlan plan, IReadOnlyList<Candidate> fleet, IEnumerable<string> groups)
    {
        var (mistakes, notes) = (new List<PlanMistake>(), new List<string>());
        var known = new KnownLabels(fleet.Select(device => device.Selectable), groups);
        var matching = TargetRule.Select(plan, fleet, known, mistakes);
        // A device that has the payload already has nothing to take over and nothing to compare with.
        var targets = matching.Where(device => !device.Has(plan)).ToList();
        if (matching.Count > 0 && targets.Count == 0) mistakes.Add(new("", $"Every device of the target ({TargetRule.Selector(plan)}) {(plan.Model is null ? "has this configuration" : "runs this model")} already."));
        if (matching.Count > targets.Count && targets.Count > 0) notes.Add($"{Devices(matching.Count - targets.Count)} of the target {(plan.Model is null ? "have this configuration" : "run this model")} already and are left out.");
        foreach (var (ring, index) in plan.Rings.Select((ring, index) => (ring, index)).Where(x => x.ring.Select is not null))
            mistakes.AddRange(known.Unknown(LabelSelector.Parse(ring.Select!)).Select(problem => new PlanMistake($"rings[{index}].select", problem)));
        if (mistakes.Count > 0) return new RingAssignment([], null, mistakes, notes);

        var order = StratumOrder.Of(plan.Strata, targets, plan.Payload);
        var dealt = new Deal(plan, order, mistakes).Rings();
        CheckDevices(plan, [.. dealt.SelectMany(ring => ring)], mistakes);
        if (mistakes.Count > 0) return new RingAssignment([], null, mistakes, notes);
        if (targets.Count - dealt.Sum(ring => ring.Count) is > 0 and var left) notes.Add($"{Devices(left)} of {targets.Count} targets are in no ring and keep what they have.");
        return new RingAssignment([.. dealt.SelectMany((ring, index) => ring.Select(device => Waiting(device, index)))], CoverageRule.Of(plan, order, dealt), [], notes);
    }

    /// <summary>Devices that match by now and were not there when the rollout was planned, for its last ring; none where the plan ignores late devices.</summary>
    /// <param name="others">Devices that are not in the rollout.</param>
    public static IReadOnlyList<RolloutDevice> Late(RolloutPlan plan, IReadOnlyList<Candidate> others)
    {
        if (plan.Late != LateDevices.Join) return [];
        var selector = TargetRule.Selector(plan);
        var late = others.Where(device => device.HeldBy is null && !device.Has(plan)
            && device.Active is null == plan.FirstInstallation && selector.Matches(device.Selectable)).ToList();
        return [.. StratumOrder.Of(plan.Strata, late, plan.Payload).Devices.Select(device => Waiting(device, plan.Rings.Count - 1))];
    }

    private static RolloutDevice Waiting(Candidate device, int ring) => new(device.Id, ring, RolloutDeviceState.Waiting, device.Active, 0, null);

    private static void CheckDevices(RolloutPlan plan, List<Candidate> devices, List<PlanMistake> mistakes)
    {
        foreach (var held in devices.Where(device => device.HeldBy is not null).GroupBy(device => device.HeldBy))
            mistakes.Add(new("", $"{Named(held)} in rollout '{held.Key}', which is still running; let it end, or abort it."));
        if (plan.FirstInstallation && devices.Where(device => device.Active is not null).ToArray() is { Length: > 0 } running)
            mistakes.Add(new("first-installation", $"{Named(running)} running a model, such as {running[0].Active!.Name} {running[0].Active!.Version}: this is no first installation, and the comparison must not be left out."));
        if (!plan.FirstInstallation && devices.Where(device => device.Active is null).ToArray() is { Length: > 0 } bare)
            mistakes.Add(new("first-installation", $"{Named(bare)} reporting no model in charge, so there is nothing to compare with; say 'first-installation: true' if that is meant."));
    }

    private static string Devices(int count) => count == 1 ? "1 device" : $"{count} devices";

    private static string Named(IEnumerable<Candidate> devices)
    {
        var all = devices.Select(device => device.Id.Value).Order(StringComparer.Ordinal).ToArray();
        return all.Length == 1 ? $"{all[0]} is" : string.Join(", ", all.Take(NamedInAMistake)) + (all.Length > NamedInAMistake ? $" and {all.Length - NamedInAMistake} more are" : " are");
    }

    private sealed class Deal(RolloutPlan plan, StratumOrder order, List<PlanMistake> mistakes)
    {
        private readonly Dictionary<DeviceId, Candidate> _targets = order.Devices.ToDictionary(device => device.Id);
        private readonly HashSet<DeviceId> _reserved = [.. plan.Rings.SelectMany(ring => ring.Devices ?? [])];
        private readonly HashSet<DeviceId> _taken = [];
        private int _next;

        public List<List<Candidate>> Rings() => [.. plan.Rings.Select((ring, index) => ring switch
        {
            { Devices: { } ids } => Named(ids, $"rings[{index}].devices"),
            { Select: { } select } => Selected(LabelSelector.Parse(select), $"rings[{index}].select"),
            _ => Next(ring, $"rings[{index}]"),
        })];

        private List<Candidate> Named(IReadOnlyList<DeviceId> ids, string path)
        {
            var members = new List<Candidate>();
            foreach (var id in ids)
            {
                if (!_targets.TryGetValue(id, out var device)) mistakes.Add(new(path, $"{id} is not among the targets, or {(plan.Model is null ? "has this configuration" : "runs this model")} already."));
                else if (!_taken.Add(id)) mistakes.Add(new(path, $"{id} is in an earlier ring, or named twice."));
                else members.Add(device);
            }
            return members;
        }

        private List<Candidate> Selected(LabelSelector selector, string path)
        {
            var members = order.Devices.Where(device => IsFree(device) && selector.Matches(device.Selectable)).ToList();
            if (members.Count == 0) mistakes.Add(new(path, $"None of the targets that earlier rings have left matches {selector}."));
            _taken.UnionWith(members.Select(device => device.Id));
            return members;
        }

        private List<Candidate> Next(RolloutRing ring, string path)
        {
            var wanted = ring.Count ?? (int)Math.Ceiling(_targets.Count * ring.Percent!.Value / 100 - 1e-9);
            var members = new List<Candidate>();
            for (; members.Count < wanted && _next < order.Devices.Count; _next++)
            {
                if (!IsFree(order.Devices[_next])) continue;
                members.Add(order.Devices[_next]);
                _taken.Add(order.Devices[_next].Id);
            }
            if (ring.Count is not null && members.Count < wanted) mistakes.Add(new($"{path}.count", $"The ring wants {wanted} devices; {members.Count} of {_targets.Count} targets are left."));
            // The rounding up of earlier rings may leave a share a little smaller than it says.
            else if (members.Count == 0) mistakes.Add(new($"{path}.percent", $"The ring gets no device: earlier rings have taken all {_targets.Count} targets."));
            return members;
        }

        private bool IsFree(Candidate device) => !_taken.Contains(device.Id) && !_reserved.Contains(device.Id);
    }
}
