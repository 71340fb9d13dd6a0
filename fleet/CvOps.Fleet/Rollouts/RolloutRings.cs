using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

/// <summary>The rings of a rollout for whoever looks.</summary>
internal static class RolloutRings
{
    public static IReadOnlyList<RolloutRingView> Of(RolloutPlan plan, RolloutStand stand) =>
    [
        .. plan.Rings.Select((ring, index) => new RolloutRingView(ring.Name, stand.Devices(index),
            stand.Tallies.Where(tally => tally.Ring == index).ToDictionary(tally => tally.State, tally => tally.Devices), stand.Sums.Of(index, Arms.Challenger)[ArmCounter.Parts])),
    ];
}
