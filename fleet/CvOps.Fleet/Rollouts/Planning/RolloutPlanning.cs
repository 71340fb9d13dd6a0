using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Models;
using CvOps.Plans;

namespace CvOps.Fleet.Rollouts.Planning;

/// <param name="Plan">As it will be kept: its model by digest.</param>
/// <param name="Fleet">Every device there is, as the plan was held against it.</param>
/// <param name="Mistakes">Every mistake; empty when the plan can be followed.</param>
/// <param name="Notes">What is no mistake and should be known.</param>
internal sealed record RolloutDraft(
    RolloutPlan Plan, ModelRef? Model, RolloutDevice[] Devices, IReadOnlyList<Candidate> Fleet, RolloutCoverage? Coverage, IReadOnlyList<PlanMistake> Mistakes, IReadOnlyList<string> Notes)
{
    public IReadOnlyList<string> Problems => Mistakes.Select(mistake => mistake.ToString()).ToArray();
}

/// <summary>Holds a plan against the fleet as it is now.</summary>
internal sealed class RolloutPlanning(PlanningFleet fleet, DeviceGroups groups, ShiftStore shifts, ModelRegistry registry, ConfigurationStore configurations, RolloutStore rollouts, TimeProvider time)
{
    private const int ShownOfARing = 20;

    public async Task<RolloutDraft> Draft(RolloutPlan plan, CancellationToken cancel) => await Draft(plan, await ReadAsync(plan, cancel), cancel);

    /// <summary>What the plan would do if it were started now. Changes nothing.</summary>
    public async Task<PlanCheck> Check(RolloutPlan plan, CancellationToken cancel)
    {
        var devices = await ReadAsync(plan, cancel);
        var draft = await Draft(plan, devices, cancel);
        var known = devices.ToDictionary(device => device.Id);
        var siteShifts = await shifts.ReadAsync(cancel);
        return new PlanCheck
        {
            Mistakes = draft.Mistakes, Notes = draft.Notes, Plan = draft.Plan, Model = draft.Model, Coverage = draft.Coverage,
            Rings = [.. draft.Devices.GroupBy(device => device.Ring).OrderBy(ring => ring.Key).Select(ring => Planned(draft.Plan, ring.Key, [.. ring.Select(device => known[device.Device])], siteShifts))],
        };
    }

    private PlannedRing Planned(RolloutPlan plan, int ring, Candidate[] devices, IReadOnlyDictionary<string, SiteShifts> siteShifts)
    {
        var now = time.GetUtcNow();
        var pace = PaceRule.Decide(plan, new PaceMoment { Now = now, RingSince = now, Changing = new Dictionary<string, int>(), Shifts = siteShifts },
            devices.Select(device => new PaceDevice(device.Id, device.Site, device.Online, device.Seen)));
        return new PlannedRing(plan.Rings[ring].Name, devices.Length, devices.GroupBy(device => device.Site.Value).OrderBy(site => site.Key, StringComparer.Ordinal).ToDictionary(site => site.Key, site => site.Count()),
            [.. devices.Take(ShownOfARing).Select(device => device.Id)], pace.Tell.Count, pace.Pause ?? pace.Sentence);
    }

    private async Task<Candidate[]> ReadAsync(RolloutPlan plan, CancellationToken cancel) =>
        await fleet.ReadAsync(plan.Strata.Contains(StratumOrder.Cluster), await rollouts.HeldByAsync(plan.Priority), cancel);

    private async Task<RolloutDraft> Draft(RolloutPlan plan, Candidate[] devices, CancellationToken cancel)
    {
        var mistakes = PlanRule.Check(plan).ToList();
        var models = await registry.ListAsync(cancel);
        ModelRef? model = null;
        if (plan.Model is { } text)
        {
            var (found, problem) = ModelReferenceRule.Find(text, models);
            if (problem is not null) mistakes.Add(new("model", problem));
            else (model, plan) = (found!.Model, plan with { Model = found.Model.Digest });
        }
        if (plan.Configuration is { } settings)
        {
            var (found, problem) = ConfigurationReferenceRule.Find(settings, await configurations.ListAsync(cancel));
            if (problem is not null) mistakes.Add(new("configuration", problem));
            // As lists and views name it.
            else (model, plan) = (new ModelRef("configuration", found!.Digest[..12], found.Digest), plan with { Configuration = found.Digest });
        }
        // What is wrong in itself can't be dealt.
        if (PlanRule.Check(plan).Count > 0) return new RolloutDraft(plan, model, [], devices, null, mistakes, []);
        var dealt = RingPlanner.Assign(plan, devices, (await groups.MembershipAsync(cancel)).Names);
        mistakes.AddRange(dealt.Mistakes);
        var digests = models.Where(registered => !registered.Lost).Select(registered => registered.Model.Digest).ToHashSet();
        foreach (var previous in dealt.Devices.Where(_ => plan.Model is not null).Select(device => device.Previous).OfType<ModelRef>().DistinctBy(previous => previous.Digest).Where(previous => !digests.Contains(previous.Digest)))
            mistakes.Add(new("", $"The registry does not have {previous.Name} {previous.Version} ({previous.Digest}), or has lost its file, which devices would have to return to; register its package first."));
        mistakes.AddRange(NeverOpen(plan, devices, dealt, await shifts.ReadAsync(cancel)));
        return mistakes.Count > 0 ? new RolloutDraft(plan, model, [], devices, null, mistakes, dealt.Notes) : new RolloutDraft(plan, model, dealt.Devices, devices, dealt.Coverage, [], dealt.Notes);
    }

    /// <summary>Sites for which no window ever opens: their devices would wait until the plan expires.</summary>
    private IEnumerable<PlanMistake> NeverOpen(RolloutPlan plan, Candidate[] devices, RingAssignment dealt, IReadOnlyDictionary<string, SiteShifts> siteShifts)
    {
        if (plan.Windows.Count == 0) yield break;
        var members = dealt.Devices.Select(device => device.Device).ToHashSet();
        foreach (var site in devices.Where(device => members.Contains(device.Id)).GroupBy(device => device.Site.Value).OrderBy(site => site.Key, StringComparer.Ordinal))
        {
            var problems = plan.Windows.Select(window => WindowHours.At(window, siteShifts.GetValueOrDefault(site.Key), time.GetUtcNow())).ToArray();
            if (problems.All(window => window.Problem is not null))
                yield return new("windows", $"No window opens for the {site.Count()} devices at {site.Key}: they would wait for {problems[0].Problem}. 'cvops site shifts {site.Key} ...' says when shifts are.");
        }
    }
}
