using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts;

/// <summary>What a rollout's rows begin with. Pure.</summary>
internal static class RolloutMembers
{
    /// <summary>Devices of a ring that are asked to compare. More would cost a fleet the inferences of two models and tell no sooner.</summary>
    public const int MostComparing = 1000;

    /// <param name="dealt">In the order in which they are to be told.</param>
    /// <param name="fleet">At least the devices dealt.</param>
    public static RolloutMember[] Of(string id, RolloutPlan plan, IReadOnlyList<RolloutDevice> dealt, IEnumerable<Candidate> fleet)
    {
        var views = fleet.ToDictionary(view => view.Id);
        var groups = EvidenceGroups.Of([.. dealt.Select(d => (d.Device.Value, views[d.Device].Site.Value, views[d.Device].Labels.GetValueOrDefault("line")))]);
        var comparing = new int[plan.Rings.Count];
        var members = new RolloutMember[dealt.Count];
        for (var place = 0; place < members.Length; place++)
        {
            var (device, view) = (dealt[place], views[dealt[place].Device]);
            members[place] = new RolloutMember(
                id, device.Device, view.Site, device.Ring, place, RolloutDeviceState.Waiting, plan.Model is null ? null : device.Previous,
                plan.Model is null ? view.Settings : null, 0, plan.Model is not null && !plan.FirstInstallation && comparing[device.Ring]++ < MostComparing,
                DateTimeOffset.UnixEpoch, null, groups[place].Value, view.SlowOver);
        }
        return members;
    }

    /// <summary>What a device has by the time it is told is what it returns to: since the plan was made another rollout may have changed it.</summary>
    /// <param name="said">What the device said of itself last; null when it has not.</param>
    public static RolloutMember AsToldNow(RolloutMember member, TwinReported? said, RolloutRow rollout)
    {
        if (said is null) return member;
        if (rollout.IsModel) return said.Model.Active is { } active && active.Digest != rollout.Payload && active != member.Previous ? member with { Previous = active } : member;
        return said.Configuration is { } settings && settings.Active != rollout.Payload ? member with { PreviousSettings = settings.Active } : member;
    }

    /// <summary>The row of a device that comes late, but for what depends on who is there by then (<see cref="Placed"/>).</summary>
    public static RolloutMember Late(string id, RolloutPlan plan, RolloutDevice device, Candidate view) => new(
        id, device.Device, view.Site, device.Ring, 0, RolloutDeviceState.Waiting, plan.Model is null ? null : device.Previous, plan.Model is null ? view.Settings : null, 0,
        plan.Model is not null && !plan.FirstInstallation, DateTimeOffset.UnixEpoch, null, view.Labels.GetValueOrDefault("line") ?? "", view.SlowOver);

    /// <param name="late">Of <see cref="Late"/>: its group is its line still.</param>
    /// <param name="comparing">Devices of the ring that compare already.</param>
    /// <param name="groups">Groups there are, with the sites that have devices in them.</param>
    public static RolloutMember Placed(RolloutMember late, int place, long comparing, IReadOnlySet<(string Group, string Site)> groups) =>
        late with { Place = place, Compares = late.Compares && comparing < MostComparing, Group = EvidenceGroups.OfLate(groups, late.Site.Value, late.Group) };
}
