using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Counts what each ring covers of the strata. Pure.</summary>
internal static class CoverageRule
{
    public static RolloutCoverage Of(RolloutPlan plan, StratumOrder order, IReadOnlyList<IReadOnlyList<Candidate>> rings)
    {
        var counts = rings.Select(ring =>
        {
            var inRing = new int[order.Strata.Count];
            foreach (var device in ring) inRing[order.StratumOf[device.Id.Value]]++;
            return inRing;
        }).ToArray();
        var (covered, all, coverage) = (new bool[order.Strata.Count], order.Devices.Count, new List<RingCoverage>());
        for (var r = 0; r < rings.Count; r++)
        {
            for (var s = 0; s < covered.Length; s++) covered[s] |= counts[r][s] > 0;
            var share = order.Sizes.Where((_, s) => covered[s]).Sum() / (double)Math.Max(1, all);
            coverage.Add(new RingCoverage(plan.Rings[r].Name, rings[r].Count, counts[r].Count(count => count > 0), covered.Count(yes => yes), share));
        }
        return new RolloutCoverage
        {
            Labels = order.Labels, Strata = order.Strata.Count, Devices = all, Rings = coverage,
            Largest = [.. order.Strata.Take(RolloutCoverage.MostShown).Select((values, s) => new StratumCoverage(values, order.Sizes[s], [.. counts.Select(count => count[s])]))],
        };
    }
}
