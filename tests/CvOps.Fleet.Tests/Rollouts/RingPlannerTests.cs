using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RingPlannerTests
{
    private static readonly Candidate[] Fleet =
    [
        Plans.Device("n1"), Plans.Device("n2"), Plans.Device("n3"), Plans.Device("s1", "south"), Plans.Device("s2", "south"), Plans.Device("w1", "west"),
    ];

    private static string Rings(RingAssignment dealt) => string.Join(" | ", dealt.Devices.GroupBy(d => d.Ring).Select(g => string.Join(',', g.Select(d => d.Device))));

    [Fact]
    public void The_first_ring_takes_turns_over_the_sites() =>
        Assert.Equal("n1,s1,w1 | n2,s2,n3", Rings(RingPlanner.Assign(Plans.Of(new("canary", Count: 3), new("rest", Percent: 100)), Fleet)));

    [Fact]
    public void The_same_fleet_in_any_order_gives_the_same_rings()
    {
        var plan = Plans.Of(new("a", Percent: 20), new("b", Percent: 30), new("c", Percent: 50));
        var shuffled = Fleet.ToArray();
        new Random(7).Shuffle(shuffled);
        Assert.Equal(Rings(RingPlanner.Assign(plan, Fleet)), Rings(RingPlanner.Assign(plan, shuffled)));
        Assert.Equal(6, RingPlanner.Assign(plan, Fleet).Devices.Count);
    }

    [Fact]
    public void Named_devices_are_kept_for_their_ring() =>
        Assert.Equal("n1,s1 | n3", Rings(RingPlanner.Assign(Plans.Of(new("first", Count: 2), new("last", Devices: [new DeviceId("n3")])), Fleet)));

    [Fact]
    public void Labels_site_and_device_select() =>
        Assert.Equal("s2", Rings(RingPlanner.Assign(Plans.Of(new RolloutRing("all", Percent: 100)) with { Target = new Dictionary<string, string> { ["site"] = "south", ["line"] = "2" } }, Fleet)));

    [Fact]
    public void A_device_that_has_the_model_already_is_left_out() =>
        Assert.Equal("n2", Rings(RingPlanner.Assign(Plans.Of(new RolloutRing("all", Percent: 100)), [Plans.Device("n1", active: Plans.New), Plans.Device("n2")])));

    [Fact]
    public void Every_mistake_of_a_plan_is_listed_at_once()
    {
        var plan = Plans.Of(new("a", Count: 1, Percent: 5), new("a", Percent: 80), new("", Percent: 70)) with
        {
            Soak = new Soak(-1, 0, 0),
            Guardrails = new Guardrails { FalseStopRisk = 0.5, FalsePromotionRisk = 0, NonInferiorityMargin = 1, ErrorRate = double.NaN, FailedUpdates = -1 },
        };
        var problems = PlanRule.Check(plan, modelKnown: false);
        foreach (var part in (string[])["no model", "exactly one of", "Ring 3 has no name", "2 rings are called 'a'", "add up to 155", "soak.seconds", "soak.parts", "soak.timeoutSeconds",
            "falseStopRisk", "falsePromotionRisk", "nonInferiorityMargin", "errorRate", "failedUpdates"])
            Assert.Contains(problems, p => p.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void Devices_that_do_not_fit_are_named()
    {
        string Problems(RolloutPlan plan, params Candidate[] fleet) => string.Join(' ', RingPlanner.Assign(plan, fleet).Problems);
        var all = Plans.Of(new RolloutRing("all", Percent: 100));
        Assert.Contains("n1 is in rollout 'other'", Problems(all, Plans.Device("n1", heldBy: "other")));
        Assert.Contains("no first installation", Problems(all with { FirstInstallation = true }, Plans.Device("n1")));
        Assert.Contains("nothing to compare with", Problems(all, Plans.Device("n1") with { Active = null }));
        Assert.Contains("No device matches", Problems(all with { Target = new Dictionary<string, string> { ["site"] = "moon" } }, Fleet));
        Assert.Contains("runs this model already", Problems(all, Plans.Device("n1", active: Plans.New)));
        Assert.Contains("wants 9 devices", Problems(Plans.Of(new RolloutRing("a", Count: 9)), Fleet));
        Assert.Contains("gets no device", Problems(Plans.Of(new("a", Percent: 100), new("b", Percent: 1)), Fleet));
        Assert.Contains("not among the targets", Problems(Plans.Of(new RolloutRing("a", Devices: [new DeviceId("x")])), Fleet));
    }
}
