using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Models;

namespace CvOps.Fleet.Rollouts;

/// <param name="Problems">Every mistake; empty when the plan can be followed.</param>
internal sealed record RolloutDraft(ModelRef? Model, IReadOnlyList<RolloutDevice> Devices, IReadOnlyList<string> Problems);

/// <summary>Holds a plan against the fleet as it is now.</summary>
internal sealed class RolloutPlanning(DeviceDirectory devices, ModelRegistry registry)
{
    public async Task<RolloutDraft> Draft(RolloutPlan plan, IEnumerable<IndexedRollout> rollouts, CancellationToken cancel)
    {
        var model = await registry.FindAsync(plan.Payload, cancel);
        var problems = PlanRule.Check(plan, model is not null).ToList();
        var heldBy = rollouts.Where(r => r.Running).SelectMany(r => r.Previous.Keys.Select(device => (device, r.Name))).DistinctBy(x => x.device).ToDictionary(x => x.device, x => x.Name);
        Candidate[] fleet =
        [
            .. (await devices.ListAsync(cancel)).Select(d => new Candidate(d.Id, d.Site, d.Labels, d.Reported?.Model.Active, heldBy.GetValueOrDefault(d.Id.Value))),
        ];
        // Rings that are wrong in themselves can't be dealt.
        if (plan.Rings.Any(r => (r.Count is null ? 0 : 1) + (r.Percent is null ? 0 : 1) + (r.Devices is null ? 0 : 1) != 1)) return new RolloutDraft(model?.Model, [], problems);
        var dealt = RingPlanner.Assign(plan, fleet);
        problems.AddRange(dealt.Problems);
        foreach (var previous in dealt.Devices.Select(d => d.Previous).OfType<ModelRef>().DistinctBy(m => m.Digest))
        {
            if (await registry.FindAsync(previous.Digest, cancel) is null)
                problems.Add($"The registry does not have {previous.Name} {previous.Version} ({previous.Digest}), which devices would have to return to; register its package first.");
        }
        return new RolloutDraft(model?.Model, problems.Count == 0 ? dealt.Devices : [], problems);
    }
}
